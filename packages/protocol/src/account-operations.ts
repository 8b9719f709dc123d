import {
  accountCreateSchema,
  accountExportResultSchema,
  accountExportSchema,
  accountImportSchema,
  accountRotationSchema,
  accountSchema,
  accountUpdateSchema,
} from './account.ts';
import { list } from './operation-shape.ts';
import type { Operation } from './operation-shape.ts';

export const accountListSchema = list(accountSchema);

const account = '/v1/accounts/{accountId}';

/** The calls on accounts, among those of `OPERATIONS`. */
export const ACCOUNT_OPERATIONS = {
  'account.list': {
    name: 'account.list',
    summary: 'List the accounts, in the order in which they are used',
    method: 'GET',
    path: '/v1/accounts',
    status: 200,
    result: accountListSchema,
  },
  'account.create': {
    name: 'account.create',
    summary: 'Add an account; its secrets go in and never come out',
    method: 'POST',
    path: '/v1/accounts',
    status: 201,
    body: accountCreateSchema,
    result: accountSchema,
  },
  'account.export': {
    name: 'account.export',
    summary: 'All accounts with their secrets, sealed with a passphrase',
    method: 'POST',
    path: '/v1/accounts/export',
    status: 200,
    body: accountExportSchema,
    result: accountExportResultSchema,
  },
  'account.import': {
    name: 'account.import',
    summary: 'Add the accounts of an export; the same again changes nothing',
    method: 'POST',
    path: '/v1/accounts/import',
    status: 200,
    body: accountImportSchema,
    result: accountListSchema,
  },
  'account.rotateKey': {
    name: 'account.rotateKey',
    summary: 'Seal the secrets of all accounts with a new key',
    method: 'POST',
    path: '/v1/accounts/rotate-key',
    status: 200,
    result: accountRotationSchema,
  },
  'account.get': {
    name: 'account.get',
    summary: 'Read an account',
    method: 'GET',
    path: account,
    status: 200,
    result: accountSchema,
  },
  'account.update': {
    name: 'account.update',
    summary: 'Change an account, or give it new secrets',
    method: 'PATCH',
    path: account,
    status: 200,
    body: accountUpdateSchema,
    result: accountSchema,
  },
  'account.delete': {
    name: 'account.delete',
    summary: 'Remove an account with its secrets',
    method: 'DELETE',
    path: account,
    status: 204,
  },
  'account.reset': {
    name: 'account.reset',
    summary: 'Try an account again at once, whatever stood in the way',
    method: 'POST',
    path: `${account}/reset`,
    status: 200,
    result: accountSchema,
  },
} as const satisfies Record<string, Operation>;
