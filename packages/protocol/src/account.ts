import { z } from 'zod';
import { ERROR_CODES } from './errors.ts';

/** Agents that can work with accounts. */
export const accountAgentSchema = z.enum(['claude']);

export const accountKindSchema = z
  .enum(['api_key', 'oauth', 'gateway'])
  .describe('A key of the model API, a log-in to the provider, or a token of a gateway that speaks the model API.');

export const accountStateSchema = z
  .enum(['ready', 'cooling', 'broken', 'disabled'])
  .describe('`cooling`: not used until `cooldown.until`. `broken`: not used until somebody mends what `problem` says.');

/** What goes into a header of the model API: visible ASCII. No message ever quotes it. */
const secret = z
  .string()
  .trim()
  .min(1)
  .max(8192)
  .regex(/^[\x21-\x7e]+$/, 'Has to be visible ASCII characters without spaces.');

/** Without a user, a password, a query and a fragment. */
const PLAIN_URL = /^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/i;

const baseUrl = z
  .url({ protocol: /^https?$/, error: 'Has to be a URL with http or https.' })
  .max(2000)
  .refine(
    (text) => PLAIN_URL.test(text),
    'Has to be without a user, a password, a query and a fragment: it is shown to everybody who may list accounts.',
  )
  .describe('Where its model API is; default: the provider’s.');

const label = z.string().trim().min(1).max(100);
const priority = z.int().min(0).max(1000).describe('Smaller numbers are used first. Default 100.');
const models = z
  .array(
    z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^*\s]*\*?$/, 'Is a model’s name, or the beginning of one followed by `*`.'),
  )
  .min(1)
  .max(100)
  .nullable()
  .describe('Models that it is used for: names, or beginnings followed by `*`. Null: all.');
const window = z.string().describe('Which of the provider’s limits, as `five_hour`.');

/** How much of one of the provider’s limits is used. */
export const accountWindowSchema = z.object({
  name: window,
  utilization: z.number().min(0).describe('1 is all of it.'),
  resetsAt: z.iso.datetime().optional(),
  model: z.string().optional().describe('Absent: the limit is for all models.'),
});

/** Credentials with which an agent reaches its model API. The secrets themselves go in and never come out. */
export const accountSchema = z.object({
  id: z.string(),
  agent: accountAgentSchema,
  kind: accountKindSchema,
  label: z.string(),
  priority,
  enabled: z.boolean(),
  models,
  baseUrl: z.string().optional(),
  state: accountStateSchema,
  cooldown: z
    .object({
      until: z.iso.datetime(),
      code: z.enum(ERROR_CODES),
      window: window.optional(),
      model: z.string().optional().describe('Only this model has to wait; absent: all of them.'),
    })
    .optional(),
  problem: z.object({ code: z.enum(ERROR_CODES), message: z.string(), since: z.iso.datetime() }).optional(),
  windows: z.array(accountWindowSchema),
  expiresAt: z.iso.datetime().optional().describe('Of the access token of a log-in.'),
  refreshable: z.boolean().optional().describe('Of a log-in: whether the server can renew its access token.'),
  lastUsedAt: z.iso.datetime().optional(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime().describe('When its settings or secrets changed last.'),
});

const settings = z.object({
  agent: accountAgentSchema.optional().describe('Default `claude`.'),
  label: label.optional().describe('Default: after its kind.'),
  priority: priority.optional(),
  enabled: z.boolean().optional().describe('Default true.'),
  models: models.optional(),
});

const loginSecrets = {
  accessToken: secret,
  refreshToken: secret.optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional().describe('Of the access token.'),
};

export const accountCreateSchema = z.discriminatedUnion('kind', [
  settings.extend({ kind: z.literal('api_key'), apiKey: secret, baseUrl: baseUrl.optional() }),
  settings.extend({ kind: z.literal('oauth'), ...loginSecrets, baseUrl: baseUrl.optional() }),
  settings.extend({ kind: z.literal('gateway'), token: secret, baseUrl }),
]);

/** Secrets have to be those of the account’s kind, and replace all that it had. */
export const accountUpdateSchema = z.object({
  label: label.optional(),
  priority: priority.optional(),
  enabled: z.boolean().optional(),
  models: models.optional(),
  baseUrl: baseUrl.nullable().optional().describe('Null: the provider’s own again.'),
  apiKey: secret.optional(),
  token: secret.optional(),
  ...loginSecrets,
  accessToken: secret.optional(),
});

export const passphraseSchema = z.string().min(8).max(1000);

export const accountExportSchema = z.object({ passphrase: passphraseSchema });
export const accountExportResultSchema = z.object({
  data: z.string().describe('All accounts with their secrets, sealed with the passphrase.'),
});
export const accountImportSchema = z.object({
  passphrase: passphraseSchema,
  data: z.string().min(1).describe('What an export answered.'),
});
export const accountRotationSchema = z.object({
  resealed: z.int().min(0).describe('How many accounts are sealed with the new key.'),
});

/** What is told when an account changed: the whole list, as it is now. */
export const accountsChangedSchema = z.object({ items: z.array(accountSchema) });

export type AccountAgent = z.infer<typeof accountAgentSchema>;
export type AccountKind = z.infer<typeof accountKindSchema>;
export type AccountState = z.infer<typeof accountStateSchema>;
export type AccountWindow = z.infer<typeof accountWindowSchema>;
export type Account = z.infer<typeof accountSchema>;
export type AccountCreate = z.infer<typeof accountCreateSchema>;
export type AccountUpdate = z.infer<typeof accountUpdateSchema>;
export type AccountExport = z.infer<typeof accountExportSchema>;
export type AccountExportResult = z.infer<typeof accountExportResultSchema>;
export type AccountImport = z.infer<typeof accountImportSchema>;
export type AccountRotation = z.infer<typeof accountRotationSchema>;
export type AccountsChanged = z.infer<typeof accountsChangedSchema>;
