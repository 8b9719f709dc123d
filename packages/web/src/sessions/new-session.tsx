import type { PermissionMode, SessionCreate } from '@hearth/protocol';
import { useQuery } from '@tanstack/react-query';
import { ArrowLeft, ArrowUp, FolderOpen } from 'lucide-react';
import { lazy, Suspense, useId, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { agentName } from '../format.ts';
import { usePageTitle } from '../attention/page-title.ts';
import { navigate, sessionPath } from '../navigation.ts';
import { Button } from '../parts/button.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { Link } from '../parts/link.tsx';
import { asProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { hearth } from '../server.ts';
import { NEW_SESSION, offerDraft, useDraft } from '../conversation/drafts.ts';
import { sendMessage } from '../conversation/outbox.ts';
import { PERMISSION_MODES } from './permission-modes.ts';
import { take } from './sessions-store.ts';
import { summaryOf } from './summary.ts';
import { strings } from '../strings/strings.ts';

const DirectoryPicker = lazy(async () => ({ default: (await import('./directory-picker.tsx')).DirectoryPicker }));

const words = strings.sessions.create;
/** Names that Claude Code resolves to its newest models; any other can be typed. */
const MODELS = ['opus', 'sonnet', 'haiku'];

const FIELD = 'mt-1.5 block h-10 w-full rounded-lg border border-line bg-panel px-3 text-sm placeholder:text-soft';

/** Opens a session, with its first message if there is one. A link may fill it in: `/new?prompt=…&cwd=…&agent=…`. */
export function NewSession() {
  const agents = useQuery({ queryKey: ['agents'], queryFn: ({ signal }) => hearth.agents({ signal }) }).data ?? [];
  const [given] = useState(() => {
    const query = new URLSearchParams(location.search);
    offerDraft(NEW_SESSION, query.get('prompt') ?? '');
    return query;
  });
  const [text, setText] = useDraft(NEW_SESSION);
  const [agent, setAgent] = useState(given.get('agent') ?? '');
  const [cwd, setCwd] = useState(given.get('cwd') ?? '');
  const [model, setModel] = useState('');
  const [picking, setPicking] = useState(false);
  const models = useId();
  usePageTitle(strings.sessions.new);
  const roots = useQuery({
    queryKey: ['directories', ''],
    queryFn: ({ signal }) => hearth.directories(undefined, { signal }),
  });
  const root = roots.data?.items[0]?.path ?? '';
  const [mode, setMode] = useState<PermissionMode>('default');
  const [state, setState] = useState<{ status: 'editing'; problem?: Problem } | { status: 'opening' }>({
    status: 'editing',
  });

  const open = (): void => {
    if (state.status === 'opening') return;
    setState({ status: 'opening' });
    openSession({ agent, cwd, model, mode, text }).then(
      () => setText(''),
      (error: unknown) => setState({ status: 'editing', problem: asProblem(error) }),
    );
  };
  const openByKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    open();
  };

  return (
    <main className="h-full overflow-y-auto">
      <div className="mx-auto flex min-h-full w-full max-w-2xl flex-col justify-center px-4 py-8 sm:px-8">
        <Link href="/" className="mb-6 inline-flex items-center gap-1.5 self-start text-sm text-soft md:hidden">
          <ArrowLeft className="size-4 rtl:rotate-180" aria-hidden="true" /> {strings.sessions.title}
        </Link>
        <h1 className="text-[1.75rem] leading-tight font-semibold tracking-tight">{words.title}</h1>
        <p className="mt-2 text-soft">{words.explanation}</p>
        <form
          className="mt-7"
          onSubmit={(event) => {
            event.preventDefault();
            open();
          }}
        >
          <div className="rounded-2xl border border-line-strong bg-panel shadow-sm focus-within:border-ember">
            <textarea
              aria-label={words.message}
              dir="auto"
              placeholder={words.placeholder}
              rows={3}
              value={text}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={openByKey}
              className="block field-sizing-content max-h-[40vh] min-h-24 w-full resize-none bg-transparent px-4 pt-3.5 outline-none placeholder:text-soft"
            />
            <div className="flex items-center justify-end gap-3 p-2.5">
              <span className="hidden text-xs text-soft sm:inline">{words.newLine}</span>
              <Button look="primary" type="submit" disabled={state.status === 'opening'}>
                <ArrowUp className="size-4" aria-hidden="true" />
                {state.status === 'opening' ? words.starting : words.start}
              </Button>
            </div>
          </div>
          {state.status === 'editing' && state.problem !== undefined && (
            <div className="mt-4">
              <ErrorBox message={state.problem.message} hint={state.problem.hint} />
            </div>
          )}
          <div className="mt-6 grid gap-4 sm:grid-cols-2">
            <label className="text-sm font-medium">
              {words.agent}
              <select value={agent} onChange={(event) => setAgent(event.target.value)} className={FIELD}>
                <option value="">{words.defaultAgent}</option>
                {agents.map(({ name, available }) => (
                  <option key={name} value={name} disabled={!available}>
                    {available ? agentName(name) : words.notAvailable(agentName(name))}
                  </option>
                ))}
              </select>
            </label>
            <label className="text-sm font-medium">
              {words.model}
              <input
                value={model}
                onChange={(event) => setModel(event.target.value)}
                placeholder={words.defaultModel}
                list={models}
                autoComplete="off"
                spellCheck={false}
                className={`${FIELD} font-normal`}
              />
              <datalist id={models}>
                {MODELS.map((name) => (
                  <option key={name} value={name} />
                ))}
              </datalist>
            </label>
            <div className="sm:col-span-2">
              <label className="text-sm font-medium" htmlFor={`${models}-cwd`}>
                {words.folder}
              </label>
              <div className="flex gap-2">
                <input
                  id={`${models}-cwd`}
                  value={cwd}
                  onChange={(event) => setCwd(event.target.value)}
                  placeholder={root}
                  autoComplete="off"
                  spellCheck={false}
                  dir="ltr"
                  className={`${FIELD} min-w-0 flex-1 font-mono font-normal`}
                />
                <Button className="mt-1.5 h-10" onClick={() => setPicking(true)}>
                  <FolderOpen className="size-4" aria-hidden="true" />
                  {strings.sessions.folders.choose}
                </Button>
              </div>
            </div>
          </div>
          <Modes mode={mode} change={setMode} />
        </form>
      </div>
      {picking && (
        <Suspense>
          <DirectoryPicker
            start={cwd}
            close={() => setPicking(false)}
            choose={(path) => {
              setCwd(path);
              setPicking(false);
            }}
          />
        </Suspense>
      )}
    </main>
  );
}

function Modes({ mode, change }: { mode: PermissionMode; change: (mode: PermissionMode) => void }): ReactNode {
  return (
    <fieldset className="mt-5">
      <legend className="text-sm font-medium">{words.permissions}</legend>
      <div className="mt-1.5 grid gap-2 sm:grid-cols-2">
        {PERMISSION_MODES.map((one) => (
          <label
            key={one.mode}
            className="flex cursor-pointer items-start gap-3 rounded-xl border border-line bg-panel px-3 py-2.5 hover:border-line-strong has-checked:border-ember has-checked:bg-ember-soft has-focus-visible:outline-2 has-focus-visible:outline-ember"
          >
            <input
              type="radio"
              name="mode"
              value={one.mode}
              checked={mode === one.mode}
              onChange={() => change(one.mode)}
              className="mt-1 accent-ember"
            />
            <span>
              <span className="block text-sm font-medium">{one.name}</span>
              <span className="block text-[0.8125rem] leading-snug text-soft">{one.meaning}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface Wish {
  agent: string;
  cwd: string;
  model: string;
  mode: PermissionMode;
  text: string;
}

async function openSession({ agent, cwd, model, mode, text }: Wish): Promise<void> {
  const params: SessionCreate = {
    permissionMode: mode,
    ...(agent === '' ? {} : { agent }),
    ...(model.trim() === '' ? {} : { model: model.trim() }),
    ...(cwd.trim() === '' ? {} : { cwd: cwd.trim() }),
  };
  const session = await hearth.sessions.create(params);
  if (text.trim() !== '') sendMessage(session.id, text, 'next');
  take(summaryOf(session.created));
  navigate(sessionPath(session.id));
}
