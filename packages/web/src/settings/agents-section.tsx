import type { Agent, Capabilities } from '@hearth/protocol';
import { useQuery } from '@tanstack/react-query';
import { Check, Minus } from 'lucide-react';
import { agentName } from '../format.ts';
import { Empty, Section } from '../parts/page.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';

const words = strings.settings;
const CAPABILITIES = Object.keys(words.capabilities) as (keyof Capabilities)[];

export function AgentsSection() {
  const query = useQuery({ queryKey: ['agents'], queryFn: ({ signal }) => hearth.agents({ signal }) });
  return (
    <Section title={words.sections.agents} hint={words.agentsHint}>
      <QueryState query={query} loading={words.loading}>
        {(agents) =>
          agents.length === 0 ? (
            <Empty title={words.noAgents} />
          ) : (
            <ul className="space-y-3">
              {agents.map((agent) => (
                <AgentCard key={agent.name} agent={agent} />
              ))}
            </ul>
          )
        }
      </QueryState>
    </Section>
  );
}

function AgentCard({ agent: { name, available, reason, capabilities } }: { agent: Agent }) {
  return (
    <li className="rounded-xl border border-line bg-panel px-4 py-3.5">
      <div className="flex items-center gap-3">
        <h3 className="font-semibold">{agentName(name)}</h3>
        <code className="font-mono text-xs text-soft">{name}</code>
        <span
          className={`ms-auto rounded-full px-2 py-px text-xs font-medium ${available ? 'bg-good-soft text-good' : 'bg-bad-soft text-bad'}`}
        >
          {available ? words.available : words.unavailable}
        </span>
      </div>
      {reason !== undefined && <p className="mt-1 text-sm text-soft">{reason}</p>}
      <ul className="mt-3 flex flex-wrap gap-x-4 gap-y-1.5 text-[0.8125rem]">
        {CAPABILITIES.map((one) => {
          const can = capabilities[one] === true;
          const Icon = can ? Check : Minus;
          return (
            <li key={one} className={`inline-flex items-center gap-1 ${can ? '' : 'text-soft'}`}>
              <Icon className={`size-3.5 ${can ? 'text-good' : ''}`} aria-hidden="true" />
              <span className="sr-only">{can ? words.can : words.cannot}</span>
              {words.capabilities[one]}
            </li>
          );
        })}
      </ul>
    </li>
  );
}
