import type { UsageItem } from '@hearth/protocol';
import { cost, tokens } from '../format.ts';
import { strings } from '../strings/strings.ts';

const words = strings.usage;

export interface UsageTableProps {
  head: string;
  items: readonly UsageItem[];
  nameOf: (key: string) => string;
}

/** Use by something, with a bar for its share of the cost. */
export function UsageTable({ head, items, nameOf }: UsageTableProps) {
  const most = Math.max(...items.map(({ costUsd }) => costUsd), 0);
  const number = 'py-2 ps-4 text-end tabular-nums whitespace-nowrap';
  return (
    <div
      className="overflow-x-auto rounded-xl border border-line bg-panel px-4 py-1"
      tabIndex={0}
      role="region"
      aria-label={head}
    >
      <table className="w-full text-sm">
        <thead className="text-xs text-soft">
          <tr>
            <th className="py-2 text-start font-medium">{head}</th>
            <th className={`${number} font-medium`}>{words.turns}</th>
            <th className={`${number} font-medium`}>{words.tokens}</th>
            <th className={`${number} font-medium`}>{words.cost}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.key} className="border-t border-line">
              <th scope="row" className="w-1/2 min-w-36 py-2 text-start font-normal" title={item.key}>
                <bdi className="block max-w-64 truncate">{nameOf(item.key)}</bdi>
                <span aria-hidden="true" className="mt-1 block h-1 rounded-full bg-sunken">
                  <span
                    className="block h-1 rounded-full bg-ember"
                    style={{ width: `${most === 0 ? 0 : Math.max(1, (item.costUsd / most) * 100)}%` }}
                  />
                </span>
              </th>
              <td className={number}>{item.turns}</td>
              <td className={number}>{tokens(allTokens(item))}</td>
              <td className={`${number} font-medium`}>{cost(item.costUsd)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function allTokens({ inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens }: UsageItem): number {
  return inputTokens + outputTokens + cacheReadTokens + cacheCreationTokens;
}
