import type { Agent, PermissionMode, SessionCreate } from '@hearth/protocol';
import { ArrowLeft, ArrowUp } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { agentName } from '../format.ts';
import { navigate, sessionPath } from '../navigation.ts';
import { Button } from '../parts/button.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { Link } from '../parts/link.tsx';
import { asProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { hearth } from '../server.ts';
import { sendMessage } from '../conversation/outbox.ts';
import { PERMISSION_MODES } from './permission-modes.ts';
import { refreshSessions } from './sessions-store.ts';

const FIELD = 'mt-1.5 block h-10 w-full rounded-lg border border-line bg-panel px-3 text-sm placeholder:text-soft';

/** Opens a session, with its first message if there is one. */
export function NewSession() {
  const agents = useAgents();
  const [text, setText] = useState('');
  const [agent, setAgent] = useState('');
  const [cwd, setCwd] = useState('');
  const [mode, setMode] = useState<PermissionMode>('default');
  const [state, setState] = useState<{ status: 'editing'; problem?: Problem } | { status: 'opening' }>({
    status: 'editing',
  });

  const open = (): void => {
    if (state.status === 'opening') return;
    setState({ status: 'opening' });
    openSession({ agent, cwd, mode, text }).catch((error: unknown) => {
      setState({ status: 'editing', problem: asProblem(error) });
    });
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
          <ArrowLeft className="size-4" aria-hidden="true" /> Sessions
        </Link>
        <h1 className="text-[1.75rem] leading-tight font-semibold tracking-tight">What shall we work on?</h1>
        <p className="mt-2 text-soft">The session stays warm: close the tab, come back from another machine, go on.</p>
        <form
          className="mt-7"
          onSubmit={(event) => {
            event.preventDefault();
            open();
          }}
        >
          <div className="rounded-2xl border border-line-strong bg-panel shadow-sm focus-within:border-ember">
            <textarea
              aria-label="First message"
              placeholder="Describe the task, or leave it empty and begin later"
              rows={3}
              value={text}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={openByKey}
              className="block field-sizing-content max-h-[40vh] min-h-24 w-full resize-none bg-transparent px-4 pt-3.5 outline-none placeholder:text-soft"
            />
            <div className="flex items-center justify-end gap-3 p-2.5">
              <span className="hidden text-xs text-soft sm:inline">Shift + Enter for a new line</span>
              <Button look="primary" type="submit" disabled={state.status === 'opening'}>
                <ArrowUp className="size-4" aria-hidden="true" />
                {state.status === 'opening' ? 'Opening …' : 'Start the session'}
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
              Agent
              <select value={agent} onChange={(event) => setAgent(event.target.value)} className={FIELD}>
                <option value="">The server’s default</option>
                {agents.map(({ name, available }) => (
                  <option key={name} value={name} disabled={!available}>
                    {agentName(name)}
                    {available ? '' : ' (not available)'}
                  </option>
                ))}
              </select>
            </label>
            <label className="text-sm font-medium">
              Folder
              <input
                value={cwd}
                onChange={(event) => setCwd(event.target.value)}
                placeholder="The server’s workspace"
                autoComplete="off"
                spellCheck={false}
                className={`${FIELD} font-mono font-normal`}
              />
            </label>
          </div>
          <Modes mode={mode} change={setMode} />
        </form>
      </div>
    </main>
  );
}

function Modes({ mode, change }: { mode: PermissionMode; change: (mode: PermissionMode) => void }): ReactNode {
  return (
    <fieldset className="mt-5">
      <legend className="text-sm font-medium">Permissions</legend>
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
  mode: PermissionMode;
  text: string;
}

async function openSession({ agent, cwd, mode, text }: Wish): Promise<void> {
  const params: SessionCreate = {
    permissionMode: mode,
    ...(agent === '' ? {} : { agent }),
    ...(cwd.trim() === '' ? {} : { cwd: cwd.trim() }),
  };
  const session = await hearth.sessions.create(params);
  if (text.trim() !== '') sendMessage(session.id, text, 'next');
  refreshSessions();
  navigate(sessionPath(session.id));
}

function useAgents(): Agent[] {
  const [agents, setAgents] = useState<Agent[]>([]);
  useEffect(() => {
    const controller = new AbortController();
    hearth.agents({ signal: controller.signal }).then(setAgents, () => undefined);
    return () => controller.abort();
  }, []);
  return agents;
}
