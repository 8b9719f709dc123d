import type { Language } from './code-languages.ts';
import type { CodeToken } from './highlight.ts';

export interface HighlightQuestion {
  id: number;
  code: string;
  language: Language;
}

export interface HighlightAnswer {
  id: number;
  /** `null`: it could not be done. */
  tokens: CodeToken[] | null;
}

type Take = (tokens: CodeToken[] | null) => void;

const asked = new Map<number, Take>();
let worker: Worker | undefined;
let lastId = 0;

/** The code in colours, worked out in a worker; `null` where there is none to do it, and code then stays plain. */
export async function colours(code: string, language: Language): Promise<CodeToken[] | null> {
  worker ??= start();
  lastId += 1;
  const question: HighlightQuestion = { id: lastId, code, language };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
  worker.postMessage(question);
  return new Promise((resolve) => asked.set(question.id, resolve));
}

function start(): Worker {
  const started = new Worker(new URL('./highlight-worker.ts', import.meta.url), { type: 'module' });
  started.addEventListener('message', ({ data: { id, tokens } }: MessageEvent<HighlightAnswer>) => {
    asked.get(id)?.(tokens);
    asked.delete(id);
  });
  // As when its file could not be fetched. The next code tries again.
  started.addEventListener('error', () => {
    started.terminate();
    worker = undefined;
    for (const take of asked.values()) take(null);
    asked.clear();
  });
  return started;
}
