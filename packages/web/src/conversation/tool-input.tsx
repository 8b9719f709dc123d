import { strings } from '../strings/strings.ts';
import { changeOf } from './file-change.ts';
import { FileDiff } from './file-diff.tsx';
import { useCwd } from './shown-session.ts';
import { HighlightedCode } from './highlighted-code.tsx';
import { field, pathWithin } from './tool-words.ts';

const words = strings.conversation.tool;

const OF_CHANGES = [
  'file_path',
  'notebook_path',
  'old_string',
  'new_string',
  'content',
  'edits',
  'new_source',
  'replace_all',
];

/** Exactly what a tool is called with: commands and changes as such, the rest as it is. */
export function ToolInput({ name, input }: { name: string; input: unknown }) {
  const cwd = useCwd();
  const command = field(input, 'command');
  if (command !== undefined) {
    return (
      <div className="space-y-2">
        <pre dir="ltr" tabIndex={0} aria-label={words.command} className={BOX}>
          <span className="text-soft select-none">$ </span>
          <HighlightedCode code={command} language="bash" />
        </pre>
        <Fields fields={without(input, ['command', 'description'])} />
      </div>
    );
  }
  const change = changeOf(input);
  if (change !== undefined) {
    return (
      <div className="space-y-2">
        <p className="font-mono text-[0.8125rem] [overflow-wrap:anywhere]" title={change.path}>
          <bdi>{pathWithin(cwd, change.path)}</bdi>
        </p>
        <FileDiff change={change} />
        {isReplaceAll(input) && <p className="text-sm text-warn">{words.replacesAll}</p>}
        <Fields fields={without(input, OF_CHANGES)} />
      </div>
    );
  }
  const fields = Object.entries(without(input, []) ?? {});
  if (fields.length > 0 && fields.every(([, value]) => isShort(value))) return <Fields fields={without(input, [])} />;
  return (
    <pre dir="ltr" tabIndex={0} aria-label={words.inputOf(name)} className={BOX}>
      <HighlightedCode code={JSON.stringify(input, null, 2) ?? ''} language="json" />
    </pre>
  );
}

const BOX =
  'max-h-80 overflow-auto rounded-lg border border-line bg-sunken px-3 py-2 font-mono text-[0.8125rem] leading-relaxed whitespace-pre-wrap [overflow-wrap:anywhere]';

const SHORT = 300;

function isShort(value: unknown): boolean {
  return typeof value === 'string' ? value.length <= SHORT : typeof value !== 'object' || value === null;
}

function isReplaceAll(input: unknown): boolean {
  return typeof input === 'object' && input !== null && Reflect.get(input, 'replace_all') === true;
}

function Fields({ fields }: { fields: object | undefined }) {
  const entries: [string, unknown][] = Object.entries(fields ?? {});
  if (entries.length === 0) return null;
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5 text-[0.8125rem]">
      {entries.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-soft">{name.replaceAll('_', ' ')}</dt>
          <dd dir="auto" className="font-mono whitespace-pre-wrap [overflow-wrap:anywhere]">
            {typeof value === 'string' ? value : JSON.stringify(value)}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** What else the input says; switches that are off say nothing. */
function without(input: unknown, names: readonly string[]): object | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const entries: [string, unknown][] = Object.entries(input);
  return Object.fromEntries(entries.filter(([name, value]) => !names.includes(name) && value !== false));
}
