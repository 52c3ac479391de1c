"""The few words of the mail and the answer page that are not the survey's own, in each language we speak."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    hello: str
    answer: str
    remind: str
    until: str
    stop: str
    why: str
    send: str
    optional: str
    missing: str
    choose: str
    thanks: str
    best: str
    closed: str
    closed_why: str
    stopped: str


PHRASES: dict[str, Phrases] = {
    "en": Phrases(
        "Hello",
        "Give your answer",
        "You have not answered yet, so we ask once more.",
        "The link is yours alone and works once, until",
        "Do not ask me again",
        "You get this mail because you work with us.",
        "Send",
        "optional",
        "Please answer this question.",
        "Please check the marked questions.",
        "Thank you for your answer.",
        "Kind regards",
        "This link does not work",
        "It was used already, has run out, or was not copied completely. You need not do anything.",
        "Noted. We will not ask you again.",
    ),
    "de": Phrases(
        "Guten Tag",
        "Jetzt antworten",
        "Sie haben noch nicht geantwortet, deshalb fragen wir noch einmal.",
        "Der Link ist nur für Sie und gilt einmal, bis zum",
        "Nicht mehr fragen",
        "Sie erhalten diese E-Mail, weil Sie mit uns zusammenarbeiten.",
        "Absenden",
        "freiwillig",
        "Bitte beantworten Sie diese Frage.",
        "Bitte prüfen Sie die markierten Fragen.",
        "Vielen Dank für Ihre Antwort.",
        "Mit freundlichen Grüßen",
        "Dieser Link funktioniert nicht",
        "Er wurde schon benutzt, ist abgelaufen oder wurde nicht vollständig kopiert. Sie müssen nichts tun.",
        "Notiert. Wir fragen Sie nicht mehr.",
    ),
    "fr": Phrases(
        "Bonjour",
        "Répondre",
        "Vous n’avez pas encore répondu, nous vous le demandons donc une dernière fois.",
        "Ce lien vous est personnel et fonctionne une fois, jusqu’au",
        "Ne plus me solliciter",
        "Vous recevez ce message parce que vous travaillez avec nous.",
        "Envoyer",
        "facultatif",
        "Veuillez répondre à cette question.",
        "Veuillez vérifier les questions signalées.",
        "Merci de votre réponse.",
        "Cordialement",
        "Ce lien ne fonctionne pas",
        "Il a déjà servi, a expiré ou n’a pas été copié en entier. Vous n’avez rien à faire.",
        "C’est noté. Nous ne vous solliciterons plus.",
    ),
    "es": Phrases(
        "Hola",
        "Responder",
        "Todavía no ha respondido, por eso preguntamos una vez más.",
        "El enlace es solo para usted y funciona una vez, hasta el",
        "No preguntarme más",
        "Recibe este mensaje porque trabaja con nosotros.",
        "Enviar",
        "opcional",
        "Responda a esta pregunta, por favor.",
        "Revise las preguntas marcadas, por favor.",
        "Gracias por su respuesta.",
        "Un cordial saludo",
        "Este enlace no funciona",
        "Ya se ha usado, ha caducado o no se copió completo. No tiene que hacer nada.",
        "Anotado. No le preguntaremos más.",
    ),
    "it": Phrases(
        "Buongiorno",
        "Rispondere",
        "Non ha ancora risposto, perciò chiediamo ancora una volta.",
        "Il link è solo per Lei e funziona una volta, fino al",
        "Non chiedetemelo più",
        "Riceve questo messaggio perché lavora con noi.",
        "Inviare",
        "facoltativo",
        "Risponda a questa domanda, per favore.",
        "Controlli le domande segnate, per favore.",
        "Grazie della Sua risposta.",
        "Cordiali saluti",
        "Questo link non funziona",
        "È già stato usato, è scaduto o non è stato copiato per intero. Non deve fare nulla.",
        "Annotato. Non Le chiederemo più nulla.",
    ),
    "nl": Phrases(
        "Goedendag",
        "Antwoord geven",
        "U hebt nog niet geantwoord, daarom vragen we het nog één keer.",
        "De link is alleen voor u en werkt één keer, tot",
        "Vraag mij niet meer",
        "U krijgt deze mail omdat u met ons samenwerkt.",
        "Verzenden",
        "niet verplicht",
        "Beantwoord deze vraag, alstublieft.",
        "Controleer de gemarkeerde vragen, alstublieft.",
        "Bedankt voor uw antwoord.",
        "Met vriendelijke groet",
        "Deze link werkt niet",
        "Hij is al gebruikt, verlopen of niet volledig gekopieerd. U hoeft niets te doen.",
        "Genoteerd. We vragen u niet meer.",
    ),
    "pl": Phrases(
        "Dzień dobry",
        "Odpowiedz",
        "Nie mamy jeszcze odpowiedzi, dlatego pytamy jeszcze raz.",
        "Link jest osobisty i działa jeden raz, do",
        "Proszę więcej nie pytać",
        "Ta wiadomość przyszła, ponieważ współpracujemy.",
        "Wyślij",
        "nieobowiązkowe",
        "Prosimy o odpowiedź na to pytanie.",
        "Prosimy o sprawdzenie zaznaczonych pytań.",
        "Dziękujemy za odpowiedź.",
        "Z poważaniem",
        "Ten link nie działa",
        "Został już użyty, wygasł albo nie został skopiowany w całości. Nie trzeba nic robić.",
        "Zapisano. Nie będziemy więcej pytać.",
    ),
    "pt": Phrases(
        "Olá",
        "Responder",
        "Ainda não respondeu, por isso perguntamos mais uma vez.",
        "A ligação é só sua e funciona uma vez, até",
        "Não me perguntem mais",
        "Recebe esta mensagem porque trabalha connosco.",
        "Enviar",
        "facultativo",
        "Responda a esta pergunta, por favor.",
        "Verifique as perguntas assinaladas, por favor.",
        "Obrigado pela sua resposta.",
        "Com os melhores cumprimentos",
        "Esta ligação não funciona",
        "Já foi usada, expirou ou não foi copiada por inteiro. Não precisa de fazer nada.",
        "Anotado. Não voltaremos a perguntar.",
    ),
}


def phrases(language: str) -> Phrases:
    return PHRASES.get(language, PHRASES["en"])
