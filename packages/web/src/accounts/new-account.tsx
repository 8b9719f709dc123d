import type { AccountCreate } from '@hearth/protocol';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Button } from '../parts/button.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { Modal } from '../parts/modal.tsx';
import { asProblem } from '../problem.ts';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';

const words = strings.accounts;
type Kind = AccountCreate['kind'];
const KINDS: readonly Kind[] = ['api_key', 'oauth', 'gateway'];
const FIELD = 'mt-1.5 block h-10 w-full rounded-lg border border-line bg-panel px-3 font-normal placeholder:text-soft';

interface Draft {
  kind: Kind;
  label: string;
  secret: string;
  refreshToken: string;
  baseUrl: string;
  priority: string;
}

/** Asks for a new account. What is typed as a secret leaves the page with the request, and is kept nowhere. */
export function NewAccount({ close }: { close: () => void }) {
  const [draft, setDraft] = useState<Draft>({
    kind: 'api_key',
    label: '',
    secret: '',
    refreshToken: '',
    baseUrl: '',
    priority: '100',
  });
  const creation = useMutation({ mutationFn: () => hearth.accounts.create(accountOf(draft)), onSuccess: close });
  const set = (change: Partial<Draft>): void => setDraft((before) => ({ ...before, ...change }));
  const { kind, secret, baseUrl } = draft;
  const whole = secret.trim() !== '' && (kind !== 'gateway' || baseUrl.trim() !== '');
  return (
    <Modal title={words.adding} close={close}>
      <form
        className="space-y-4 overflow-y-auto px-5 pt-2 pb-5"
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          if (whole && !creation.isPending) creation.mutate();
        }}
      >
        <Field name={words.kind}>
          <select value={kind} onChange={(event) => set({ kind: event.target.value as Kind })} className={FIELD}>
            {KINDS.map((one) => (
              <option key={one} value={one}>
                {words.kinds[one]}
              </option>
            ))}
          </select>
        </Field>
        <Field name={words.label}>
          <input
            value={draft.label}
            maxLength={100}
            placeholder={words.labelPlaceholder}
            onChange={(event) => set({ label: event.target.value })}
            className={FIELD}
          />
        </Field>
        <Secret name={words.secret[kind]} value={secret} change={(value) => set({ secret: value })} />
        {kind === 'oauth' && (
          <Secret
            name={words.refreshToken}
            value={draft.refreshToken}
            change={(value) => set({ refreshToken: value })}
          />
        )}
        <Field name={words.baseUrl[kind]}>
          <input
            type="url"
            dir="ltr"
            value={baseUrl}
            required={kind === 'gateway'}
            onChange={(event) => set({ baseUrl: event.target.value })}
            className={FIELD}
          />
        </Field>
        <Field name={words.priority} hint={words.priorityHint}>
          <input
            type="number"
            min={0}
            max={1000}
            value={draft.priority}
            onChange={(event) => set({ priority: event.target.value })}
            className={FIELD}
          />
        </Field>
        {creation.isError && <ErrorBox {...asProblem(creation.error)} />}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>{words.cancel}</Button>
          <Button look="primary" type="submit" disabled={!whole || creation.isPending}>
            {words.save}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function Field({ name, hint, children }: { name: string; hint?: string; children: ReactNode }) {
  return (
    <label className="block text-sm font-medium">
      {name}
      {hint !== undefined && <span className="ms-2 text-xs font-normal text-soft">{hint}</span>}
      {children}
    </label>
  );
}

function Secret({ name, value, change }: { name: string; value: string; change: (value: string) => void }) {
  return (
    <Field name={name}>
      <input
        type="password"
        dir="ltr"
        autoComplete="new-password"
        spellCheck={false}
        value={value}
        onChange={(event) => change(event.target.value)}
        className={`${FIELD} font-mono`}
      />
    </Field>
  );
}

function accountOf({ kind, label, secret, refreshToken, baseUrl, priority }: Draft): AccountCreate {
  const shared = {
    ...(label.trim() === '' ? {} : { label: label.trim() }),
    ...(priority.trim() === '' ? {} : { priority: Number(priority) }),
  };
  const address = baseUrl.trim() === '' ? {} : { baseUrl: baseUrl.trim() };
  switch (kind) {
    case 'api_key':
      return { kind, apiKey: secret.trim(), ...shared, ...address };
    case 'oauth': {
      const renewal = refreshToken.trim() === '' ? {} : { refreshToken: refreshToken.trim() };
      return { kind, accessToken: secret.trim(), ...renewal, ...shared, ...address };
    }
    case 'gateway':
      return { kind, token: secret.trim(), baseUrl: baseUrl.trim(), ...shared };
  }
}
