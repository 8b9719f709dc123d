import { useCallback, useEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';

export interface Bottom {
  scroller: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  atBottom: boolean;
  /** Goes to the newest, and stays with it. */
  go: () => void;
  /** Does not stay with the newest any more. */
  leave: () => void;
}

/** How far from the end, in pixels, still counts as being there. */
const NEAR = 48;

/** Keeps the newest in sight for who is reading it, and lets alone who has scrolled away. */
export function useBottom(): Bottom {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [atBottom, setAtBottom] = useState(true);

  const go = useCallback((): void => {
    follows.current = true;
    setAtBottom(true);
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  }, []);

  const leave = useCallback((): void => {
    follows.current = false;
  }, []);

  useEffect(() => {
    const box = scroller.current;
    const inner = content.current;
    if (box === null || inner === null) return undefined;
    let lastTop = box.scrollTop;
    const scrolled = (): void => {
      const near = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
      if (near) follows.current = true;
      else if (box.scrollTop < lastTop) follows.current = false;
      lastTop = box.scrollTop;
      setAtBottom(near || follows.current);
    };
    const grown = new ResizeObserver(() => {
      if (follows.current) box.scrollTop = box.scrollHeight;
      else scrolled();
    });
    grown.observe(inner);
    grown.observe(box);
    box.addEventListener('scroll', scrolled, { passive: true });
    return () => {
      grown.disconnect();
      box.removeEventListener('scroll', scrolled);
    };
  }, []);

  return { scroller, content, atBottom, go, leave };
}
