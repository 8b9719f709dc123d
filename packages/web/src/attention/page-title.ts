import { useEffect } from 'react';
import { create } from 'zustand';

export const usePageName = create<{ name: string }>()(() => ({ name: '' }));

/** Names the page in the browser's tab; how many sessions wait is put before it. */
export function usePageTitle(name: string): void {
  useEffect(() => {
    usePageName.setState({ name });
    return () => usePageName.setState({ name: '' });
  }, [name]);
}
