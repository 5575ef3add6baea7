// Before the first paint: a chosen theme must not flash in the other one.
try {
  const theme = localStorage.getItem('brume.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage is switched off: the system's theme it is.
}
