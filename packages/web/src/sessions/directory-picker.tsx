import type { DirectoryList } from '@hearth/protocol';
import { useQuery } from '@tanstack/react-query';
import { ChevronRight, CornerLeftUp, Folder, FolderOpen } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../parts/button.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { Modal } from '../parts/modal.tsx';
import { asProblem } from '../problem.ts';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';

const words = strings.sessions.folders;

export interface DirectoryPickerProps {
  /** Where to begin; empty: at the workspaces. */
  start: string;
  choose: (path: string) => void;
  close: () => void;
}

/** Finds a folder of the server's workspaces by looking into it. */
export function DirectoryPicker({ start, choose, close }: DirectoryPickerProps) {
  const [path, setPath] = useState(start);
  const [typed, setTyped] = useState(start);
  const [hidden, setHidden] = useState(false);
  const query = useQuery({
    queryKey: ['directories', path],
    queryFn: ({ signal }) => hearth.directories(path === '' ? undefined : path, { signal }),
  });
  const go = (next: string): void => {
    setPath(next);
    setTyped(next);
  };
  const list = query.data;
  return (
    <Modal title={words.choose} close={close} wide>
      <form
        className="flex gap-2 px-5 pb-3"
        onSubmit={(event) => {
          event.preventDefault();
          event.stopPropagation();
          setPath(typed.trim());
        }}
      >
        <input
          aria-label={words.path}
          placeholder={words.roots}
          value={typed}
          autoComplete="off"
          spellCheck={false}
          dir="ltr"
          onChange={(event) => setTyped(event.target.value)}
          className="h-9 min-w-0 flex-1 rounded-lg border border-line bg-paper px-3 font-mono text-sm"
        />
        <Button type="submit">{words.go}</Button>
      </form>
      <div className="h-[38dvh] min-h-40 overflow-y-auto border-y border-line px-3 py-2" aria-busy={query.isPending}>
        {query.isPending && (
          <p role="status" className="px-2 py-1.5 text-sm text-soft">
            {words.loading}
          </p>
        )}
        {query.isError && <Failure error={query.error} back={() => go('')} />}
        {list !== undefined && <Folders list={list} hidden={hidden} go={go} />}
      </div>
      <div className="flex flex-wrap items-center gap-3 px-5 py-4">
        <label className="flex items-center gap-2 text-sm text-soft">
          <input
            type="checkbox"
            checked={hidden}
            onChange={(event) => setHidden(event.target.checked)}
            className="accent-ember"
          />
          {words.hidden}
        </label>
        <Button
          look="primary"
          className="ms-auto"
          disabled={list === undefined || list.path === null}
          onClick={() => typeof list?.path === 'string' && choose(list.path)}
        >
          <FolderOpen className="size-4" aria-hidden="true" />
          {words.use}
        </Button>
      </div>
    </Modal>
  );
}

function Folders({ list, hidden, go }: { list: DirectoryList; hidden: boolean; go: (path: string) => void }) {
  const items = list.items.filter((item) => hidden || !item.hidden);
  const row = 'flex w-full items-center gap-2.5 rounded-lg px-2 py-1.5 text-start text-sm hover:bg-sunken';
  return (
    <ul>
      {list.path !== null && (
        <li>
          <button type="button" className={row} onClick={() => go(list.parent ?? '')}>
            <CornerLeftUp className="size-4 text-soft rtl:-scale-x-100" aria-hidden="true" />
            {list.parent === null ? words.roots : words.up}
          </button>
        </li>
      )}
      {items.map(({ name, path }) => (
        <li key={name}>
          <button type="button" className={row} onClick={() => go(path)}>
            <Folder className="size-4 shrink-0 text-ember" aria-hidden="true" />
            <bdi className="min-w-0 truncate">{name}</bdi>
            <ChevronRight className="ms-auto size-4 shrink-0 text-soft rtl:rotate-180" aria-hidden="true" />
          </button>
        </li>
      ))}
      {items.length === 0 && <li className="px-2 py-1.5 text-sm text-soft">{words.empty}</li>}
      {list.truncated && <li className="px-2 py-1.5 text-sm text-soft">{words.truncated}</li>}
    </ul>
  );
}

function Failure({ error, back }: { error: unknown; back: () => void }) {
  const { message, hint } = asProblem(error);
  return (
    <ErrorBox message={message} hint={hint}>
      <Button size="small" className="mt-3" onClick={back}>
        {words.roots}
      </Button>
    </ErrorBox>
  );
}
