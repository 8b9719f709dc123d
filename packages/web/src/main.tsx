import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { awaitInstallOffer } from './settings/install.ts';
import { startServiceWorker } from './service-worker-client.ts';
import './main.css';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id "root"');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

awaitInstallOffer();
startServiceWorker();
