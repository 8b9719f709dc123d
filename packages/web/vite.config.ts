import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { serviceWorker } from './service-worker.ts';

export default defineConfig({
  plugins: [react(), tailwindcss(), serviceWorker()],
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  // The grammars are files of their own also there.
  worker: { format: 'es' },
  build: { target: 'es2023', sourcemap: false, chunkSizeWarningLimit: 1500 },
});
