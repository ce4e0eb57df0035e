import { chromium } from "playwright-core";

/** The page under test. */
export const BASE_URL = process.env.BASE_URL ?? "http://127.0.0.1:8080/";

/** Nothing in the browser's own background may reach out: the test must pass without a network. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function startBrowser() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ARGUMENTS });
}
