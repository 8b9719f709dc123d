import { highlight } from './highlight.ts';
import type { HighlightAnswer, HighlightQuestion } from './highlighter.ts';

/** Works colours out beside the page: the first code in a language costs more than a frame may. */
addEventListener('message', ({ data }: MessageEvent<HighlightQuestion>) => {
  const { id, code, language } = data;
  const answer = (tokens: HighlightAnswer['tokens']): void => postMessage({ id, tokens } satisfies HighlightAnswer);
  highlight(code, language).then(answer, () => answer(null));
});
