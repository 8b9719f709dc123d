import { describe, expect, test } from 'vitest';
import { createLog } from './log.ts';
import { Metrics } from './metrics.ts';

describe('the log', () => {
  test('is one JSON object per line, without secrets', () => {
    const lines: string[] = [];
    const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    log.info(
      { authorization: 'S1', headers: { cookie: 'S2', 'set-cookie': 'S3' }, a: { b: { token: 'S4' } } },
      'hello',
    );
    log.debug('not at this level');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ msg: 'hello', headers: { cookie: '[redacted]' } });
    expect(lines[0]).not.toMatch(/S\d/);
  });

  test('keeps the code of an error', () => {
    const lines: string[] = [];
    const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    log.error({ err: Object.assign(new Error('no'), { code: 'ENOSPC' }) }, 'broken');
    expect(lines[0]).toContain('ENOSPC');
  });
});

describe('the metrics', () => {
  test('are Prometheus text with the numbers that were told', async () => {
    const metrics = new Metrics();
    metrics.phaseChanged(null, 'idle');
    metrics.phaseChanged('idle', 'streaming');
    metrics.eventsAppended(3);
    metrics.committed(4);
    metrics.connectionOpened();
    metrics.watchAgents(() => ({ processes: new Map([['claude', 2]]), spares: 1, memoryBytes: 500, waiting: 1 }));
    metrics.agentEvicted('memory');
    metrics.turnEnded('completed');
    metrics.spent('claude', 'opus', 0.25);
    metrics.spent('claude', 'opus', 0.5);
    metrics.rpcAnswered('ping', 'ok', 1);
    const { contentType, body } = await metrics.render();
    expect(contentType).toContain('text/plain');
    expect(body.split('\n')).toEqual(
      expect.arrayContaining([
        'hearth_sessions{phase="idle"} 0',
        'hearth_sessions{phase="streaming"} 1',
        'hearth_events_appended_total 3',
        'hearth_agent_spares 1',
        'hearth_commit_duration_seconds_sum 0.004',
        'hearth_connections 1',
        'hearth_agent_processes{agent="claude"} 2',
        'hearth_agent_memory_bytes 500',
        'hearth_sessions_waiting 1',
        'hearth_agent_evictions_total{cause="memory"} 1',
        'hearth_turns_total{outcome="completed"} 1',
        'hearth_cost_usd_total{agent="claude",model="opus"} 0.75',
        'hearth_rpc_request_duration_seconds_count{method="ping",outcome="ok"} 1',
      ]),
    );
    expect(body).not.toContain('process_cpu');
    expect((await new Metrics({ process: true }).render()).body).toContain('process_cpu');
  });
});
