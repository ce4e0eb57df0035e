// Runs before the first paint, so that a chosen theme does not flash. A file of its own: no inline script is allowed.
try {
  const theme = localStorage.getItem("moim.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden: the device's theme applies.
}
