import type { SessionSummary } from '@hearth/protocol';
import { sessionPath } from '../navigation.ts';
import { onSessionChange } from '../sessions/sessions-store.ts';
import { titleOf } from '../sessions/title.ts';
import { preferences } from '../settings/preferences.ts';
import { strings } from '../strings/strings.ts';

/** What the service worker is asked to show. It knows which windows are looked at, and shows each tag once. */
export interface NotificationWish {
  type: 'notify';
  title: string;
  body: string;
  tag: string;
  path: string;
}

export type Notice = { kind: 'waiting' | 'done' | 'failed'; wish: NotificationWish };

/** What a change of a session is worth telling somebody who does not look. */
export function noticeOf(before: SessionSummary | undefined, after: SessionSummary): Notice | null {
  if (before === undefined || after.archived) return null;
  const title = titleOf(after);
  const path = sessionPath(after.id);
  const wish = (tag: string, body: string): NotificationWish => ({ type: 'notify', title, body, tag, path });
  const asked = new Set(before.approvals.map(({ approvalId }) => approvalId));
  const approval = after.approvals.find(({ approvalId }) => !asked.has(approvalId));
  if (approval !== undefined) {
    const body = strings.notifications.waiting(approval.kind, approval.toolName);
    return { kind: 'waiting', wish: wish(`waiting:${approval.approvalId}`, body) };
  }
  const { lastTurn } = after;
  if (lastTurn === undefined || lastTurn.seq === before.lastTurn?.seq) return null;
  const tag = `turn:${after.id}:${lastTurn.seq}`;
  switch (lastTurn.outcome) {
    case 'completed':
      return { kind: 'done', wish: wish(tag, strings.notifications.done) };
    case 'failed':
      return { kind: 'failed', wish: wish(tag, strings.notifications.failed(lastTurn.error?.message)) };
    case 'interrupted':
      return null;
  }
}

export function canNotify(): boolean {
  return 'Notification' in globalThis && 'serviceWorker' in navigator;
}

/** Asks the service worker to notify of what happens while nobody looks. Returns what ends it. */
export function followNotifications(): () => void {
  return onSessionChange((before, after) => {
    if (!canNotify() || Notification.permission !== 'granted') return;
    const notice = noticeOf(before, after);
    if (notice === null) return;
    const { notifyWaiting, notifyDone } = preferences.get();
    if (notice.kind === 'waiting' ? !notifyWaiting : !notifyDone) return;
    void notify(notice.wish);
  });
}

/** Shows one by hand, so that somebody sees what they will look like. */
export function notifyNow(): Promise<void> {
  const { name, tryOut } = strings.notifications;
  return notify({ type: 'notify', title: name, body: tryOut, tag: `try:${Date.now()}`, path: '/settings' }, true);
}

async function notify(wish: NotificationWish, evenWhenLookedAt = false): Promise<void> {
  const registration = await navigator.serviceWorker.ready;
  registration.active?.postMessage({ ...wish, evenWhenLookedAt });
}
