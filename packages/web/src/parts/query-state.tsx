import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { asProblem } from '../problem.ts';
import { strings } from '../strings/strings.ts';
import { Button } from './button.tsx';
import { ErrorBox } from './error-box.tsx';

export interface QueryStateProps<Data> {
  query: UseQueryResult<Data>;
  loading: string;
  children: (data: Data) => ReactNode;
}

/** What was asked of the server: that it comes, that it failed and how to try again, or what came. */
export function QueryState<Data>({ query, loading, children }: QueryStateProps<Data>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) {
    const { message, hint } = asProblem(query.error);
    return (
      <ErrorBox message={message} hint={hint}>
        <Button size="small" className="mt-3" onClick={() => void query.refetch()}>
          {strings.settings.tryAgain}
        </Button>
      </ErrorBox>
    );
  }
  return (
    <div role="status" aria-label={loading} className="space-y-3">
      {[0, 1, 2].map((row) => (
        <div key={row} className="h-14 rounded-xl bg-sunken breathing" />
      ))}
    </div>
  );
}
