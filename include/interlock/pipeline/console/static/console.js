// Sends decisions with the header that other sites cannot send, and follows Airflow's choice of light or dark.
"use strict";

function paint() {
  let theme = null;
  try { theme = localStorage.getItem("theme"); } catch { /* storage may be closed to frames */ }
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

function say(text, bad) {
  const place = document.getElementById("said");
  place.textContent = text;
  place.classList.toggle("bad", bad);
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
}

async function decide(form, action) {
  const body = { why: form.elements.why.value };
  if (form.dataset.revision !== undefined) body.revision = form.dataset.revision;
  let answer;
  try {
    answer = await fetch(`${form.dataset.post}/${action}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Interlock": "1" },
      body: JSON.stringify(body),
    });
  } catch {
    return { ok: false, text: "Airflow does not answer; nothing was recorded. Try again." };
  }
  const said = await answer.json().catch(() => ({}));
  return { ok: answer.ok, text: said.message ?? `Nothing was recorded (answer ${answer.status}). Reload the page.` };
}

paint();
addEventListener("storage", paint);
document.addEventListener("submit", (event) => {
  if (event.target.dataset.post !== undefined) event.preventDefault(); // Enter in the reason decides nothing
});
document.addEventListener("click", async (event) => {
  const button = event.target.closest("form[data-post] button");
  if (button === null) return;
  const buttons = button.form.querySelectorAll("button");
  buttons.forEach((one) => { one.disabled = true; });
  const { ok, text } = await decide(button.form, button.value);
  if (ok) {
    sessionStorage.setItem("interlock-said", text);
    location.reload();
    return;
  }
  buttons.forEach((one) => { one.disabled = false; });
  say(text, true);
});
document.addEventListener("DOMContentLoaded", () => {
  const text = sessionStorage.getItem("interlock-said");
  sessionStorage.removeItem("interlock-said");
  if (text) say(text, false);
});
