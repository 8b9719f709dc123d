import { expect, test } from 'vitest';
import { NO_USAGE, usageCsv } from './index.ts';

const total = { ...NO_USAGE, costUsd: 0, turns: 0 };

test('[USE5] a report is CSV as RFC 4180 wants it: a head, CRLF, quotes where a key needs them, prices in full', () => {
  const usage = { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheCreationTokens: 4 };
  const items = [
    { key: 'plain', ...usage, costUsd: 1.5, turns: 5 },
    { key: 'says "hi", twice\nor more', ...usage, costUsd: 1e-9, turns: 6 },
  ];
  expect(usageCsv({ items, total })).toBe(
    [
      'key,turns,inputTokens,outputTokens,cacheReadTokens,cacheCreationTokens,costUsd\r\n',
      'plain,5,1,2,3,4,1.500000000\r\n',
      '"says ""hi"", twice\nor more",6,1,2,3,4,0.000000001\r\n',
    ].join(''),
  );
});

test('[USE5] a report of nothing has its head', () => {
  expect(usageCsv({ items: [], total }).split('\r\n')).toEqual([expect.stringMatching(/^key,/), '']);
});
