import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { LanguageProvider } from "./i18n/language";
import { App } from "./session/app";
import { takeOutcome } from "./session/outcome";
import "./styles/tokens.css";
import "./styles/base.css";
import { AppProvider } from "./ui/context";
import { Page } from "./ui/Page";

const app = new App(takeOutcome());
void app.begin();

const place = document.getElementById("page");
if (place === null) throw new Error("index.html has no element #page");
createRoot(place).render(
  <StrictMode>
    <LanguageProvider>
      <AppProvider value={app}>
        <Page />
      </AppProvider>
    </LanguageProvider>
  </StrictMode>,
);
