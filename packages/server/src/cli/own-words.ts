import type { HearthError } from '@hearth/protocol/errors';

const LISTS: Readonly<Record<string, string>> = {
  'There is no such session.': '`hearth sessions list` shows them.',
  'There is no such token.': '`hearth tokens list` shows them.',
  'There is no such account.': '`hearth accounts list` shows them.',
};

/** An error in the words of the command line, where those of the API would not help. */
export function inOwnWords({ code, message, hint = '' }: HearthError): { message: string; hint?: string } {
  if (code === 'not_found' && LISTS[message] !== undefined) return { message, hint: LISTS[message] };
  if (code === 'unauthorized' && hint.includes('connect()')) {
    const file = 'without both, the file token in the server’s data directory is read';
    return { message, hint: `Give a valid token with --token or HEARTH_TOKEN; ${file}.` };
  }
  if (hint.includes('GET /v1/openapi.json')) {
    return { message: 'The server does not take this:', hint: 'The command’s --help says what its options take.' };
  }
  return hint === '' ? { message } : { message, hint };
}
