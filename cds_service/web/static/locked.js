// Opens a page that needs a token: asks for it once with the token, and puts the answer in place. The token is not kept.

const form = document.getElementById("unlock");
const field = document.getElementById("token");
const told = document.getElementById("told");

async function open(token) {
  const response = await fetch(location.href, {
    headers: { Authorization: `Bearer ${token}`, Accept: "text/html" },
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
  });
  if (response.status === 401) {
    told.textContent =
      "The service did not accept this token. Is its audience the one above, is it still valid, and was it not used before? " +
      "The log of the service names the reason.";
    return;
  }
  if (response.ok && response.headers.get("Content-Type").startsWith("text/csv")) {
    save(await response.blob(), response.headers.get("Content-Disposition")?.match(/filename="(.+)"/)?.[1]);
    told.textContent = "The file has been downloaded.";
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  document.title = page.title;
  document.getElementById("main").replaceWith(page.getElementById("main"));
}

function save(blob, name = "feedback.csv") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = field.value.trim().replace(/^bearer\s+/i, "");
  field.value = "";
  told.textContent = "";
  try {
    await open(token);
  } catch (error) {
    told.textContent = `The service did not answer: ${error.message}`;
  }
});
