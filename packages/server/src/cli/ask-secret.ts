import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { HearthError } from '@hearth/protocol/errors';
import { leavable } from './leavable.ts';

/**
 * Where secrets come from: somebody at a terminal, who types them unseen, or a pipe with one on each line. Never the command
 * line, which everybody on the machine can read.
 */
export class SecretInput {
  #lines: AsyncIterator<string> | null = null;
  #reader: Interface | null = null;

  /** Somebody can be asked. */
  get interactive(): boolean {
    return process.stdin.isTTY && process.stderr.isTTY;
  }

  /**
   * @param what as in “API key”
   * @throws HearthError `invalid_request` when nothing was given
   */
  async ask(what: string, hint?: string): Promise<string> {
    const secret = await this.askOptional(what, hint);
    if (secret !== undefined) return secret;
    throw new HearthError('invalid_request', `No ${what} was given.`, {
      hint: 'Type it when you are asked, or give it on standard input, as in: pass show my-key | hearth accounts add.',
    });
  }

  /** Undefined when the line is empty or there is none. */
  async askOptional(what: string, hint?: string): Promise<string | undefined> {
    const text = this.interactive
      ? await this.#prompt(hint === undefined ? what : `${what} (${hint})`)
      : await this.#line();
    return text.trim() === '' ? undefined : text.trim();
  }

  async #prompt(message: string): Promise<string> {
    const { isCancel, password } = await import('@clack/prompts');
    const typed = await leavable((signal) => password({ message, output: process.stderr, signal }));
    if (isCancel(typed)) throw new HearthError('invalid_request', 'Nothing was changed.', { hint: 'You went away.' });
    // What is not typed at all comes as undefined, whatever the types say.
    const text: string | undefined = typed;
    return text ?? '';
  }

  async #line(): Promise<string> {
    if (process.stdin.isTTY) {
      throw new HearthError('invalid_request', 'Nobody can be asked without being seen.', {
        hint: 'Leave standard error on the terminal, or give the secret on standard input.',
      });
    }
    this.#reader ??= createInterface({ input: process.stdin });
    this.#lines ??= this.#reader[Symbol.asyncIterator]();
    const next = await this.#lines.next();
    return next.done === true ? '' : next.value;
  }

  /** Lets go of standard input, so that the program can end. */
  close(): void {
    this.#reader?.close();
  }
}

/** Runs with an input that is let go of afterwards. */
export async function withSecretInput<Result>(work: (input: SecretInput) => Promise<Result>): Promise<Result> {
  const input = new SecretInput();
  try {
    return await work(input);
  } finally {
    input.close();
  }
}

const MIN_PASSPHRASE = 8;

/**
 * The passphrase of an export: HEARTH_PASSPHRASE, else it is asked for.
 * @param isNew it is asked for twice, because nobody can see it
 */
export async function passphrase(input: SecretInput, isNew: boolean): Promise<string> {
  const fromEnv = process.env['HEARTH_PASSPHRASE'];
  const given = fromEnv !== undefined && fromEnv !== '' ? fromEnv : await input.askOptional('passphrase');
  if (given === undefined) {
    throw new HearthError('invalid_request', 'No passphrase was given.', {
      hint: 'Type it when you are asked, set HEARTH_PASSPHRASE to it, or give it on standard input.',
    });
  }
  if (given.length < MIN_PASSPHRASE) {
    throw new HearthError('invalid_request', `The passphrase has less than ${MIN_PASSPHRASE} characters.`, {
      hint: 'Take a longer one: whoever has the file can try passphrases as fast as their machines can.',
    });
  }
  if (isNew && given !== fromEnv && input.interactive && (await input.ask('the same again')) !== given) {
    throw new HearthError('invalid_request', 'The passphrases are not the same.', { hint: 'Try again.' });
  }
  return given;
}
