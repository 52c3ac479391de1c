// The dialog at the side closes once its write has arrived.
document.body.addEventListener("km:close", (event) => {
  const dialog = document.getElementById(event.detail.dialog);
  if (dialog && dialog.open) dialog.close();
});
