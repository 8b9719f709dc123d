import { createCssVariablesTheme, createHighlighterCore } from '@shikijs/core';
import type { HighlighterCore } from '@shikijs/core';
import { createJavaScriptRegexEngine } from '@shikijs/engine-javascript';
import type { Language } from './code-languages.ts';
import { GRAMMARS } from './grammars.ts';

/** A piece of code in one colour; without one it has the colour of the text around it. */
export interface CodeToken {
  text: string;
  color?: string;
}

const theme = createCssVariablesTheme({ name: 'hearth', variablePrefix: '--code-', fontStyle: false });
const PLAIN = 'var(--code-foreground)';

let starting: Promise<HighlighterCore> | undefined;

/** The code in colours, which are variables of the style sheet: they follow light and dark by themselves. */
export async function highlight(code: string, language: Language): Promise<CodeToken[]> {
  starting ??= createHighlighterCore({
    themes: [theme],
    langs: [],
    // Without WebAssembly, which the content security policy does not allow.
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
  const highlighter = await starting;
  await highlighter.loadLanguage(GRAMMARS[language]);
  const lines = highlighter.codeToTokensBase(code, { lang: language, theme: 'hearth' });
  const tokens: CodeToken[] = [];
  const add = (text: string, color: string | undefined): void => {
    const last = tokens.at(-1);
    if (last !== undefined && last.color === color) last.text += text;
    else tokens.push(color === undefined ? { text } : { text, color });
  };
  lines.forEach((line, index) => {
    if (index > 0) add('\n', undefined);
    for (const { content, color } of line) add(content, color === PLAIN ? undefined : color);
  });
  return tokens;
}
