import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { z } from 'zod';
import * as contract from './index.ts';

/** The shape of the wire for this version of the contract. */
const PINNED = {
  version: 1,
  hash: 'b41d2b4a5e9080662e7ad8afb6a4737c6b5ad75cfbd9240100d3fdc316ab12df',
};

const WHAT_TO_DO = `The wire contract is not the one that was pinned.
If you did not mean to change it, take the change back. If you did:
  1. An old client or server cannot live with it (a name or a meaning changed, a field became required or went away):
     raise PROTOCOL_VERSION and SUBPROTOCOL in version.ts. What only adds keeps the version.
  2. Describe it in PROTOCOL.md and CHANGELOG.md.
  3. Put the new hash and the version into this file.
The new hash`;

test('[WIRE1] the schemas are those of the protocol’s version', () => {
  const hash = sha256(canonical(wire()));
  expect(contract.PROTOCOL_VERSION).toBe(PINNED.version);
  expect(hash === PINNED.hash ? 'as pinned' : `${WHAT_TO_DO}: ${hash}`).toBe('as pinned');
});

test('a changed field changes the hash, a changed description does not', () => {
  const before = z.object({ title: z.string().describe('Of the session.') });
  const described = z.object({ title: z.string().describe('The title.') });
  const renamed = z.object({ name: z.string() });
  const optional = z.object({ title: z.string().optional() });
  expect(canonical(shape(described, 'output'))).toBe(canonical(shape(before, 'output')));
  expect(canonical(shape(renamed, 'output'))).not.toBe(canonical(shape(before, 'output')));
  expect(canonical(shape(optional, 'output'))).not.toBe(canonical(shape(before, 'output')));
});

/** Everything that a client of another version could stumble over. */
function wire(): unknown {
  const schemas = Object.entries(contract).filter(([, value]) => value instanceof z.ZodType);
  const operations = Object.values(contract.OPERATIONS) as contract.Operation[];
  return {
    schemas: Object.fromEntries(schemas.map(([name, schema]) => [name, bothWays(schema as z.ZodType)])),
    operations: operations.map(({ name, method, path, status, query, body, result }) => ({
      name,
      method,
      path,
      status,
      query: query === undefined ? null : bothWays(query),
      body: body === undefined ? null : bothWays(body),
      result: result === undefined ? null : bothWays(result),
    })),
    errors: contract.ERROR_CODES.map((code) => [code, contract.HTTP_STATUS[code], contract.RPC_CODE[code]]),
    constants: {
      subprotocol: contract.SUBPROTOCOL,
      closeCodes: contract.CLOSE_CODES,
      maxFrameBytes: contract.MAX_FRAME_BYTES,
      maxBodyBytes: contract.MAX_BODY_BYTES,
      heartbeatIntervalMs: contract.HEARTBEAT_INTERVAL_MS,
      authTimeoutMs: contract.AUTH_TIMEOUT_MS,
    },
  };
}

function bothWays(schema: z.ZodType): unknown {
  return { input: shape(schema, 'input'), output: shape(schema, 'output') };
}

function shape(schema: z.ZodType, io: 'input' | 'output'): unknown {
  return z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      delete jsonSchema.description;
    },
  });
}

/** JSON whose keys are in order, so that moving a field in the source changes nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
