/**
 * Like `JSON.parse`, whose errors quote the text around the fault: that may be a secret, and errors are answered and logged.
 * @throws SyntaxError that says what is wrong, and quotes no more than one character
 */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    // `Unexpected token 's', ..."apiKey":sk-ant"... is not valid JSON`, and of a few words `"NaN" is not valid JSON`.
    throw new SyntaxError(message.replace(/(^|, (\.{3})?)".*$/s, '') || 'Unexpected word');
  }
}
