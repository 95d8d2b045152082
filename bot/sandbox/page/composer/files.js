// Files dropped on the conversation or pasted into the message box.

/** take(file) is called for each file dropped on `chat` or pasted into `box`. */
export function listenForFiles(chat, box, take) {
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  chat.addEventListener("dragover", (event) => {
    if (carries(event)) {
      event.preventDefault();
      chat.classList.add("dropping");
    }
  });
  chat.addEventListener("dragleave", (event) => {
    if (!chat.contains(event.relatedTarget)) chat.classList.remove("dropping");
  });
  chat.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    chat.classList.remove("dropping");
    for (const file of event.dataTransfer.files) take(file);
  });
  box.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    for (const file of files) take(file);
  });
}
