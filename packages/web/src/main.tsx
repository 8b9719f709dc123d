import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './main.css';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id "root"');
createRoot(root).render(
  <StrictMode>
    <main className="p-8">Hearth</main>
  </StrictMode>,
);
