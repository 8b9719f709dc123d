import type { UsageItem, UsageReport } from '@hearth/protocol';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo, useState } from 'react';
import { cost, projectName, tokens } from '../format.ts';
import { Empty, PageFrame, Section } from '../parts/page.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';
import { daysOf, everyDay, foldersOf, regrouped } from './usage-data.ts';
import type { Period } from './usage-data.ts';
import { UsageTable } from './usage-table.tsx';

const DayChart = lazy(async () => ({ default: (await import('./day-chart.tsx')).DayChart }));

const words = strings.usage;
const PERIODS: readonly Period[] = ['week', 'month', 'quarter'];

/** Tokens and cost: in sum, by day, by model and by project. */
export function UsagePage() {
  const [period, setPeriod] = useState<Period>('month');
  const [nowMs] = useState(() => Date.now());
  const days = useMemo(() => daysOf(period, nowMs), [period, nowMs]);
  const from = days[0] ?? '';
  const to = days.at(-1) ?? '';
  const query = useQuery({
    queryKey: ['usage', from, to],
    queryFn: async ({ signal }) => {
      const report = (groupBy: 'day' | 'model' | 'session' | 'account') =>
        hearth.usage({ groupBy, from, to }, { signal });
      const [day, model, session, account, accounts] = await Promise.all([
        report('day'),
        report('model'),
        report('session'),
        report('account'),
        hearth.accounts.list({ signal }),
      ]);
      const labels = new Map(accounts.map(({ id, label }) => [id, label]));
      const folders = await foldersOf(
        session.items.map(({ key }) => key),
        signal,
      );
      const project = regrouped(session.items, ({ key }) => folders.get(key) ?? '');
      return {
        day,
        model: regrouped(model.items, ({ key }) => key),
        project,
        account: regrouped(account.items, ({ key }) => labels.get(key) ?? (key === 'default' ? '' : key)),
      };
    },
  });
  return (
    <PageFrame title={words.title} aside={<Periods period={period} change={setPeriod} />}>
      <div className="mt-6">
        <QueryState query={query} loading={words.loading}>
          {({ day, model, project, account }) =>
            day.total.turns === 0 ? (
              <Empty title={words.none} hint={words.noneHint} />
            ) : (
              <Report
                total={day.total}
                days={everyDay(days, day.items)}
                models={model}
                projects={project}
                accounts={account}
              />
            )
          }
        </QueryState>
      </div>
    </PageFrame>
  );
}

function Periods({ period, change }: { period: Period; change: (period: Period) => void }) {
  return (
    <fieldset className="ms-auto">
      <legend className="sr-only">{words.period}</legend>
      <div className="flex rounded-lg bg-sunken p-0.5">
        {PERIODS.map((one) => (
          <label
            key={one}
            className="cursor-pointer rounded-md px-3 py-1 text-[0.8125rem] font-medium text-soft has-checked:bg-panel has-checked:text-ink has-checked:shadow-xs has-focus-visible:outline-2 has-focus-visible:outline-ember"
          >
            <input
              type="radio"
              name="period"
              checked={one === period}
              onChange={() => change(one)}
              className="sr-only"
            />
            {words.periods[one]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface ReportProps {
  total: UsageReport['total'];
  days: readonly UsageItem[];
  models: readonly UsageItem[];
  projects: readonly UsageItem[];
  accounts: readonly UsageItem[];
}

function Report({ total, days, models, projects, accounts }: ReportProps) {
  const facts = [
    [words.cost, cost(total.costUsd)],
    [words.turns, String(total.turns)],
    [words.input, tokens(total.inputTokens + total.cacheCreationTokens)],
    [words.cached, tokens(total.cacheReadTokens)],
    [words.output, tokens(total.outputTokens)],
  ] as const;
  return (
    <>
      <dl className="grid grid-cols-2 gap-2.5 sm:grid-cols-5">
        {facts.map(([name, value]) => (
          <div key={name} className="rounded-xl border border-line bg-panel px-4 py-3">
            <dt className="text-xs text-soft">{name}</dt>
            <dd className="mt-0.5 text-xl font-semibold tracking-tight tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-2 text-xs text-soft">{words.estimate}</p>
      <Section title={words.byDay}>
        <Suspense fallback={<div className="h-60 rounded-xl border border-line bg-panel" />}>
          <DayChart days={days} />
        </Suspense>
      </Section>
      <div className="grid gap-x-8 lg:grid-cols-2">
        <Section title={words.byModel}>
          <UsageTable head={words.model} items={models} nameOf={(key) => (key === '' ? words.unknownModel : key)} />
        </Section>
        <Section title={words.byProject}>
          <UsageTable
            head={words.project}
            items={projects}
            nameOf={(key) => (key === '' ? words.unknownProject : projectName(key))}
          />
        </Section>
      </div>
      {accounts.some(({ key }) => key !== '') && (
        <Section title={words.byAccount}>
          <UsageTable head={words.account} items={accounts} nameOf={(key) => (key === '' ? words.noAccount : key)} />
        </Section>
      )}
      <Section title={words.dayByDay}>
        <UsageTable
          head={words.day}
          items={days.filter(({ turns }) => turns > 0).toReversed()}
          nameOf={(key) => new Date(`${key}T00:00`).toLocaleDateString(undefined, { dateStyle: 'medium' })}
        />
      </Section>
    </>
  );
}
