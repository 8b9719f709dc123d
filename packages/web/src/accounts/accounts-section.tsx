import type { Account } from '@hearth/protocol';
import { useMutation } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../parts/button.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { Modal } from '../parts/modal.tsx';
import { Empty, Section } from '../parts/page.tsx';
import { asProblem } from '../problem.ts';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';
import { AccountCard } from './account-card.tsx';
import { NewAccount } from './new-account.tsx';
import { useAccounts } from './use-accounts.ts';

const words = strings.accounts;

/** The accounts, live: what each can still do and when its limits begin anew; added, turned off, tried again, removed. */
export function AccountsSection() {
  const accounts = useAccounts();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Account | null>(null);
  return (
    <Section title={strings.settings.sections.accounts} hint={words.hint}>
      <div className="mb-4">
        <Button look="primary" onClick={() => setAdding(true)}>
          <Plus className="size-4" aria-hidden="true" />
          {words.add}
        </Button>
      </div>
      <List accounts={accounts} remove={setRemoving} />
      {adding && <NewAccount close={() => setAdding(false)} />}
      {removing !== null && <Removal account={removing} close={() => setRemoving(null)} />}
    </Section>
  );
}

function List({ accounts, remove }: { accounts: readonly Account[] | null; remove: (account: Account) => void }) {
  if (accounts === null) {
    return (
      <p role="status" className="text-sm text-soft">
        {words.loading}
      </p>
    );
  }
  if (accounts.length === 0) return <Empty title={words.none} hint={words.noneHint} />;
  return (
    <ul className="space-y-3">
      {accounts.map((account) => (
        <AccountCard key={account.id} account={account} remove={() => remove(account)} />
      ))}
    </ul>
  );
}

function Removal({ account, close }: { account: Account; close: () => void }) {
  const removal = useMutation({ mutationFn: () => hearth.accounts.delete(account.id), onSuccess: close });
  return (
    <Modal title={words.removing} close={close}>
      <div className="px-5 pb-5">
        <p className="text-sm">{words.removeSure(account.label)}</p>
        {removal.isError && <ErrorBox {...asProblem(removal.error)} />}
        <div className="mt-5 flex justify-end gap-2">
          <Button onClick={close}>{words.cancel}</Button>
          <Button look="danger" onClick={() => removal.mutate()} disabled={removal.isPending}>
            {words.remove}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
