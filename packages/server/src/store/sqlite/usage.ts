import type { Database } from 'better-sqlite3';
import type { TurnUsageTable } from '../schema.ts';
import { usageRows } from '../sql/usage.ts';
import type { TurnUsage } from '../store.ts';

/** Writes what a turn used; writing it again replaces it. */
export function usageWriter(raw: Database): (turn: TurnUsage) => void {
  const remove = raw.prepare<[string]>('DELETE FROM turn_usage WHERE turn_id = ?');
  const insert = raw.prepare<[TurnUsageTable]>(
    `INSERT INTO turn_usage (turn_id, session_id, agent, model, account_id, user_name, time_ms, day,
       input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, cost_nano_usd)
     VALUES (@turn_id, @session_id, @agent, @model, @account_id, @user_name, @time_ms, @day,
       @input_tokens, @output_tokens, @cache_read_tokens, @cache_creation_tokens, @cost_nano_usd)`,
  );
  return (turn) => {
    remove.run(turn.turnId);
    for (const row of usageRows(turn)) insert.run(row);
  };
}
