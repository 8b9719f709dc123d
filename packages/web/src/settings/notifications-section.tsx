import { useState } from 'react';
import { canNotify, notifyNow } from '../attention/notifications.ts';
import { Button } from '../parts/button.tsx';
import { Section } from '../parts/page.tsx';
import { strings } from '../strings/strings.ts';
import { useKept } from '../use-kept.ts';
import { preferences, prefer } from './preferences.ts';
import { Switch } from './switch.tsx';

const words = strings.settings;

type Standing = NotificationPermission | 'impossible';

/** Whether, and of what, this browser notifies. */
export function NotificationsSection() {
  const [standing, setStanding] = useState<Standing>(() => (canNotify() ? Notification.permission : 'impossible'));
  const { notifyWaiting, notifyDone } = useKept(preferences);
  const ask = async (): Promise<void> => setStanding(await Notification.requestPermission());
  return (
    <Section title={words.notifications} hint={words.notificationsHint}>
      <div className="divide-y divide-line rounded-xl border border-line bg-panel px-4">
        <div className="flex flex-wrap items-center gap-3 py-3 text-sm" role="status" data-notifications={standing}>
          <Permission standing={standing} ask={() => void ask()} />
        </div>
        <Switch
          name={words.notifyWaiting}
          hint={words.notifyWaitingHint}
          on={notifyWaiting}
          change={(on) => prefer({ notifyWaiting: on })}
        />
        <Switch
          name={words.notifyDone}
          hint={words.notifyDoneHint}
          on={notifyDone}
          change={(on) => prefer({ notifyDone: on })}
        />
      </div>
    </Section>
  );
}

function Permission({ standing, ask }: { standing: Standing; ask: () => void }) {
  switch (standing) {
    case 'default':
      return (
        <Button look="primary" onClick={ask}>
          {words.notifyOn}
        </Button>
      );
    case 'granted':
      return (
        <>
          <span className="font-medium text-good">{words.notifyGranted}</span>
          <Button size="small" className="ms-auto" onClick={() => void notifyNow()}>
            {words.notifyTry}
          </Button>
        </>
      );
    case 'denied':
      return <span className="text-warn">{words.notifyDenied}</span>;
    case 'impossible':
      return <span className="text-soft">{words.notifyImpossible}</span>;
  }
}
