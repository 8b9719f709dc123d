import { Component } from 'react';
import type { ReactNode } from 'react';
import { strings } from '../strings/strings.ts';
import { Button } from './button.tsx';
import { ErrorBox } from './error-box.tsx';

/** Says that a part of the page did not come or broke, and leaves the rest as it is. */
export class PartBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="p-8">
        <h1 className="sr-only">{strings.shell.unseenPage}</h1>
        <ErrorBox message={strings.shell.unseenPage} hint={strings.shell.unseenPageHint}>
          <Button size="small" className="mt-3" onClick={() => location.reload()}>
            {strings.shell.reload}
          </Button>
        </ErrorBox>
      </main>
    );
  }
}
