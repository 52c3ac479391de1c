"""A person at a logged-in browser proves once more who they are."""

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP

from accounts.people.models import User


def proves_identity(user: User, proof: str) -> bool:
    """The password, or a code of the authenticator app that was not used before."""
    code = proof.replace(" ", "")
    if code.isdigit() and len(code) == 6:
        found = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
        if found is not None and TOTP(found).validate_code(code):
            return True
    return user.check_password(proof)
