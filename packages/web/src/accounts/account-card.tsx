import type { Account } from '@hearth/protocol';
import { useMutation } from '@tanstack/react-query';
import { relativeTime, shortTime } from '../format.ts';
import { Button } from '../parts/button.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { useNow } from '../parts/now.ts';
import { asProblem } from '../problem.ts';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';

const words = strings.accounts;

const LOOKS: Readonly<Record<Account['state'], string>> = {
  ready: 'bg-good-soft text-good',
  cooling: 'bg-sunken text-ink',
  broken: 'bg-bad-soft text-bad',
  disabled: 'bg-sunken text-soft',
};

/** One account: how it is doing, what is left of its limits, and what can be done with it. */
export function AccountCard({ account, remove }: { account: Account; remove: () => void }) {
  const nowMs = useNow();
  const change = useMutation({
    mutationFn: (wanted: 'on' | 'off' | 'reset'): Promise<unknown> =>
      wanted === 'reset'
        ? hearth.accounts.reset(account.id)
        : hearth.accounts.update(account.id, { enabled: wanted === 'on' }),
  });
  const { label, state, cooldown, problem, windows } = account;
  const asked = change.isPending && change.variables !== 'reset' ? change.variables === 'on' : undefined;
  return (
    <li className="rounded-xl border border-line bg-panel px-4 py-3.5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h3 dir="auto" className="min-w-0 truncate text-sm font-semibold">
          {label}
        </h3>
        <span className={`rounded-full px-2 py-0.5 text-xs font-medium ${LOOKS[state]}`}>
          {words.states[state]}
          {cooldown !== undefined && state === 'cooling' && ` ${words.until(shortTime(cooldown.until, nowMs))}`}
        </span>
        <label className="ms-auto inline-flex cursor-pointer items-center">
          <input
            type="checkbox"
            role="switch"
            aria-label={words.turnOn(label)}
            checked={asked ?? account.enabled}
            onChange={(event) => change.mutate(event.target.checked ? 'on' : 'off')}
            className="size-4 accent-(--color-ember)"
          />
        </label>
      </div>
      <p className="mt-1 text-[0.8125rem] text-soft">{factsOf(account, nowMs).join(' · ')}</p>
      {problem !== undefined && <p className="mt-2 text-sm text-bad [overflow-wrap:anywhere]">{problem.message}</p>}
      {windows.length > 0 && (
        <ul aria-label={words.windows} className="mt-3 grid gap-x-6 gap-y-2.5 sm:grid-cols-2">
          {windows.map((window) => (
            <WindowBar key={window.name} window={window} nowMs={nowMs} />
          ))}
        </ul>
      )}
      {change.isError && (
        <div className="mt-3">
          <ErrorBox {...asProblem(change.error)} />
        </div>
      )}
      <div className="mt-3 flex justify-end gap-2">
        {(state === 'broken' || state === 'cooling') && (
          <Button size="small" onClick={() => change.mutate('reset')} disabled={change.isPending}>
            {words.retry}
          </Button>
        )}
        <Button size="small" look="danger" onClick={remove} aria-label={`${words.remove} ${label}`}>
          {words.remove}
        </Button>
      </div>
    </li>
  );
}

function factsOf(account: Account, nowMs: number): string[] {
  const { kind, agent, priority, models, lastUsedAt, expiresAt, refreshable } = account;
  return [
    words.kinds[kind],
    agent,
    words.priorityIs(priority),
    ...(models === null ? [] : [words.models(models)]),
    lastUsedAt === undefined ? words.neverUsed : words.used(relativeTime(lastUsedAt, nowMs)),
    ...(expiresAt === undefined ? [] : [words.expires(shortTime(expiresAt, nowMs))]),
    ...(refreshable === true ? [words.renews] : []),
  ];
}

function WindowBar({ window, nowMs }: { window: Account['windows'][number]; nowMs: number }) {
  const over = window.resetsAt !== undefined && Date.parse(window.resetsAt) <= nowMs;
  const percent = over ? 0 : Math.min(100, Math.round(window.utilization * 100));
  const name = words.windowNames[window.name] ?? window.name;
  return (
    <li className="text-xs">
      <div className="flex justify-between gap-3">
        <span className="text-soft">{name}</span>
        <span className="tabular-nums">{percent} %</span>
      </div>
      <div
        role="meter"
        aria-label={words.share(name, percent)}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        className="mt-1 h-1.5 overflow-hidden rounded-full bg-sunken"
      >
        <div
          className={`h-full rounded-full ${percent >= 98 ? 'bg-bad' : percent >= 80 ? 'bg-ember' : 'bg-good'}`}
          style={{ width: `${percent}%` }}
        />
      </div>
      {window.resetsAt !== undefined && !over && (
        <p className="mt-1 text-soft">{words.resets(shortTime(window.resetsAt, nowMs))}</p>
      )}
    </li>
  );
}
