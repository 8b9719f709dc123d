import type { ToolItem } from '@hearth/client/conversation';
import type { PlanEntry, ToolKind } from '@hearth/protocol';
import { strings } from '../strings/strings.ts';
import { endingOf } from './code-languages.ts';
import type { FileChange } from './file-change.ts';
import { FileDiff } from './file-diff.tsx';
import { HighlightedCode } from './highlighted-code.tsx';
import { PlanList } from './plan.tsx';
import { Prose } from './prose.tsx';
import type { ToolState } from './tool-state.ts';
import { ToolInput } from './tool-input.tsx';
import { outputImages, outputText } from './tool-output.ts';
import { field } from './tool-words.ts';

const words = strings.conversation.tool;

/** Longest output that is put on the page; all of it is in the log. */
const MAX_OUTPUT_CHARS = 20_000;

export interface ToolBodyProps {
  item: ToolItem;
  kind: ToolKind;
  state: ToolState;
  change: FileChange | undefined;
  todos: readonly PlanEntry[] | undefined;
}

/** All of a tool call, as fits its kind. */
export function ToolBody({ item: { name, input, output }, kind, state, change, todos }: ToolBodyProps) {
  const text = outputText(output);
  const about = field(input, 'description');
  if (todos !== undefined && state !== 'failed') return <PlanList entries={todos} />;
  if (change !== undefined) {
    return (
      <>
        <FileDiff change={change} height="short" />
        {state === 'failed' && <Output state={state} text={text} />}
      </>
    );
  }
  return (
    <>
      {about !== undefined && <p className="text-sm text-soft">{about}</p>}
      <Asked name={name} kind={kind} input={input} />
      {outputImages(output).map((url, index) => (
        <img key={index} src={url} alt={words.imageOutput} className="max-h-96 rounded-lg border border-line" />
      ))}
      <Answered kind={kind} state={state} text={text} path={field(input, 'file_path')} />
    </>
  );
}

function Asked({ name, kind, input }: { name: string; kind: ToolKind; input: unknown }) {
  const prompt = field(input, 'prompt');
  if (kind === 'think' && prompt !== undefined) return <Quoted label={words.prompt} text={prompt} />;
  if (kind === 'read' && field(input, 'file_path') !== undefined) return null;
  return <ToolInput name={name} input={input} />;
}

function Answered({
  kind,
  state,
  text,
  path,
}: {
  kind: ToolKind;
  state: ToolState;
  text: string;
  path: string | undefined;
}) {
  const isAnswerInWords = state === 'done' && (kind === 'think' || kind === 'fetch') && text.length <= MAX_OUTPUT_CHARS;
  if (isAnswerInWords && text !== '') return <Prose text={text} streaming={false} />;
  return <Output state={state} text={text} language={kind === 'read' && path !== undefined ? endingOf(path) : ''} />;
}

function Quoted({ label, text }: { label: string; text: string }) {
  return (
    <blockquote
      aria-label={label}
      dir="auto"
      className="max-h-60 overflow-y-auto border-s-2 border-line ps-3 text-sm whitespace-pre-wrap text-soft"
      tabIndex={0}
    >
      {text}
    </blockquote>
  );
}

function Output({ state, text, language = '' }: { state: ToolState; text: string; language?: string }) {
  if (state === 'running' || state === 'waiting') return null;
  if (text === '') return <p className="text-sm text-soft">{state === 'unfinished' ? words.wasCut : words.noOutput}</p>;
  return (
    <pre
      dir="ltr"
      tabIndex={0}
      aria-label={state === 'failed' ? words.error : words.output}
      className={`max-h-96 overflow-auto rounded-lg border px-3 py-2 font-mono text-[0.8125rem] leading-relaxed whitespace-pre-wrap [overflow-wrap:anywhere] ${state === 'failed' ? 'border-bad/30 bg-bad-soft' : 'border-line bg-paper'}`}
    >
      <HighlightedCode code={text.slice(0, MAX_OUTPUT_CHARS)} language={language} />
      {text.length > MAX_OUTPUT_CHARS && words.more(text.length - MAX_OUTPUT_CHARS)}
    </pre>
  );
}
