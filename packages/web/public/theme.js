// Runs before anything is drawn, so that the page never shows the wrong theme first.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem('hearth.theme');
  } catch {
    // Without storage the system's theme holds.
  }
  if (theme !== 'light' && theme !== 'dark') return;
  document.documentElement.dataset.theme = theme;
  const colour = theme === 'dark' ? '#171410' : '#faf8f5';
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) meta.setAttribute('content', colour);
})();
