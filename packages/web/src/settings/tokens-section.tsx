import type { Token } from '@hearth/protocol';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { copyText } from '../copy-text.ts';
import { relativeTime } from '../format.ts';
import { Button } from '../parts/button.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { Modal } from '../parts/modal.tsx';
import { useNow } from '../parts/now.ts';
import { Empty, Section } from '../parts/page.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { asProblem } from '../problem.ts';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';
import { showToast } from '../toasts.ts';

const words = strings.settings;

/** Tokens for programs: made, shown once, revoked. */
export function TokensSection() {
  const query = useQuery({ queryKey: ['tokens'], queryFn: ({ signal }) => hearth.tokens.list({ signal }) });
  const [revoking, setRevoking] = useState<Token | null>(null);
  return (
    <Section title={words.sections.tokens} hint={words.tokensHint}>
      <NewToken />
      <QueryState query={query} loading={words.loading}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={words.noTokens} />
          ) : (
            <ul className="divide-y divide-line rounded-xl border border-line bg-panel">
              {items.map((token) => (
                <TokenRow key={token.id} token={token} revoke={() => setRevoking(token)} />
              ))}
            </ul>
          )
        }
      </QueryState>
      {revoking !== null && <Revoke token={revoking} close={() => setRevoking(null)} />}
    </Section>
  );
}

function NewToken() {
  const queries = useQueryClient();
  const [label, setLabel] = useState('');
  const [copied, setCopied] = useState(false);
  const creation = useMutation({
    mutationFn: (name: string) => hearth.tokens.create({ label: name }),
    onSuccess: async () => {
      setLabel('');
      setCopied(false);
      await queries.invalidateQueries({ queryKey: ['tokens'] });
    },
  });
  const made = creation.data?.token;
  const copy = (token: string): void => {
    copyText(token).then(
      () => setCopied(true),
      (error: unknown) => showToast(asProblem(error).message, { tone: 'bad' }),
    );
  };
  return (
    <div className="mb-4 space-y-3">
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (label.trim() !== '') creation.mutate(label.trim());
        }}
      >
        <label className="min-w-48 flex-1 text-sm font-medium">
          {words.tokenName}
          <input
            value={label}
            maxLength={100}
            placeholder={words.tokenPlaceholder}
            onChange={(event) => setLabel(event.target.value)}
            className="mt-1.5 block h-10 w-full rounded-lg border border-line bg-panel px-3 font-normal placeholder:text-soft"
          />
        </label>
        <Button look="primary" type="submit" className="h-10" disabled={label.trim() === '' || creation.isPending}>
          <KeyRound className="size-4" aria-hidden="true" />
          {words.tokenCreate}
        </Button>
      </form>
      {creation.isError && <ErrorBox {...asProblem(creation.error)} />}
      <div role="status">
        {made !== undefined && (
          <div className="rounded-xl border border-good/40 bg-good-soft px-4 py-3">
            <p className="text-sm font-medium text-good">{words.tokenMade}</p>
            <div className="mt-2 flex gap-2">
              <input
                readOnly
                aria-label={words.tokenSecret}
                value={made}
                dir="ltr"
                onFocus={(event) => event.target.select()}
                className="h-9 min-w-0 flex-1 rounded-lg border border-line bg-panel px-3 font-mono text-sm"
              />
              <Button onClick={() => copy(made)}>{copied ? words.copied : words.copy}</Button>
            </div>
          </div>
        )}
      </div>
    </div>
  );
}

function TokenRow({ token, revoke }: { token: Token; revoke: () => void }) {
  const nowMs = useNow();
  const { label, createdAt, lastUsedAt, expiresAt } = token;
  const facts = [
    words.created(relativeTime(createdAt, nowMs)),
    lastUsedAt === undefined ? words.neverUsed : words.used(relativeTime(lastUsedAt, nowMs)),
    ...(expiresAt === undefined ? [] : [words.expires(new Date(expiresAt).toLocaleDateString())]),
  ];
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <span className="min-w-0 flex-1">
        <span dir="auto" className="block truncate text-sm font-medium">
          {label}
        </span>
        <span className="block text-[0.8125rem] text-soft">{facts.join(' · ')}</span>
      </span>
      <Button look="danger" size="small" onClick={revoke} aria-label={`${words.revoke} ${label}`}>
        {words.revoke}
      </Button>
    </li>
  );
}

function Revoke({ token, close }: { token: Token; close: () => void }) {
  const queries = useQueryClient();
  const revocation = useMutation({
    mutationFn: () => hearth.tokens.revoke(token.id),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['tokens'] });
      close();
    },
  });
  return (
    <Modal title={words.revoke} close={close}>
      <div className="px-5 pb-5">
        <p className="text-sm">{words.revokeSure(token.label)}</p>
        {revocation.isError && <ErrorBox {...asProblem(revocation.error)} />}
        <div className="mt-5 flex justify-end gap-2">
          <Button onClick={close}>{strings.sessions.cancel}</Button>
          <Button look="danger" onClick={() => revocation.mutate()} disabled={revocation.isPending}>
            {words.revoke}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
