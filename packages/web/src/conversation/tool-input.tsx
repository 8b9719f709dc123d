import { useCwd } from './cwd.ts';
import { field, pathWithin } from './tool-words.ts';

/** Exactly what a tool is called with: commands and changes as such, the rest as JSON. */
export function ToolInput({ name, input }: { name: string; input: unknown }) {
  const cwd = useCwd();
  const command = field(input, 'command');
  const path = field(input, 'file_path') ?? field(input, 'notebook_path');
  const before = field(input, 'old_string');
  const after = field(input, 'new_string') ?? field(input, 'content');
  if (command !== undefined) {
    return <Shown label="Command" text={command} rest={without(input, ['command', 'description'])} prompt />;
  }
  if (path !== undefined && after !== undefined) {
    const shown = ['file_path', 'notebook_path', 'old_string', 'new_string', 'content'];
    return (
      <div className="space-y-2">
        <p className="font-mono text-[0.8125rem] [overflow-wrap:anywhere]" title={path}>
          {pathWithin(cwd, path)}
        </p>
        <Change before={before} after={after} />
        <Rest rest={without(input, shown)} />
      </div>
    );
  }
  return <Shown label={`Input of ${name}`} text={JSON.stringify(input, null, 2) ?? ''} rest={undefined} />;
}

interface ShownProps {
  label: string;
  text: string;
  rest: object | undefined;
  prompt?: boolean;
}

function Shown({ label, text, rest, prompt = false }: ShownProps) {
  return (
    <div className="space-y-2">
      <pre
        tabIndex={0}
        aria-label={label}
        className="max-h-80 overflow-auto rounded-lg border border-line bg-sunken px-3 py-2 font-mono text-[0.8125rem] leading-relaxed whitespace-pre-wrap [overflow-wrap:anywhere]"
      >
        {prompt && <span className="text-soft select-none">$ </span>}
        {text}
      </pre>
      <Rest rest={rest} />
    </div>
  );
}

function Rest({ rest }: { rest: object | undefined }) {
  const entries: [string, unknown][] = Object.entries(rest ?? {});
  if (entries.length === 0) return null;
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-3 text-[0.8125rem]">
      {entries.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-soft">{name}</dt>
          <dd className="[overflow-wrap:anywhere]">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Change({ before, after }: { before: string | undefined; after: string }) {
  return (
    <pre
      tabIndex={0}
      aria-label="Change"
      className="max-h-80 overflow-auto rounded-lg border border-line bg-sunken py-1 font-mono text-[0.8125rem] leading-relaxed"
    >
      {before !== undefined && <Lines text={before} sign="−" look="bg-bad-soft text-bad" />}
      <Lines text={after} sign="+" look="bg-good-soft text-good" />
    </pre>
  );
}

function Lines({ text, sign, look }: { text: string; sign: string; look: string }) {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line, index) => (
      <span key={index} className={`block w-full min-w-max px-3 ${look}`}>
        <span className="select-none">{sign} </span>
        {line}
      </span>
    ));
}

/** What else the input says; switches that are off say nothing. */
function without(input: unknown, names: readonly string[]): object | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const entries: [string, unknown][] = Object.entries(input);
  return Object.fromEntries(entries.filter(([name, value]) => !names.includes(name) && value !== false));
}
