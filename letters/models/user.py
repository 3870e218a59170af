from typing import Any, ClassVar

from django.apps import apps
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.utils import timezone

from letters.shared.fields import EncryptedEmailField


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        # Sign-in looks the address up in lower case.
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @transaction.atomic
    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a superuser with a confirmed address: someone with a shell on the server need not prove it."""
        user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        addresses = apps.get_model("account", "EmailAddress").objects
        addresses.create(user=user, email=user.email, verified=True, primary=True)
        return user

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account: an organizer, a moderator or staff. Signers have none."""

    # Privacy: the address for signing in and for our emails is never public, and encrypted in the database.
    email = EncryptedEmailField(unique=True)
    # Privacy: only other members see this name. The public sees the collective.
    name = models.CharField(max_length=200, blank=True)
    # When the site asked for the name, and the person answered "Not now".
    put_off_name_at = models.DateTimeField(null=True, blank=True)
    # Whether the person moderates all letters of the site.
    moderates_site = models.BooleanField(default=False, db_default=False)
    # Whether the person may open /admin/.
    is_staff = models.BooleanField(default=False)
    # Set to False instead of deleting the account, so that the audit records stay complete.
    is_active = models.BooleanField(default=True)
    # When staff suspended it. Then it is not active, and unlike a closed account it can come back.
    suspended_at = models.DateTimeField(null=True, blank=True)
    joined_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    def __str__(self) -> str:
        return f"User {self.pk}"

    def runs_site_now(self) -> bool:
        """Return whether this person may do everything: a superuser.

        Race: always asks the database, because the role can be removed.
        """
        return User.objects.filter(pk=self.pk, is_active=True, is_superuser=True).exists()

    def language_of_emails(self, otherwise: str) -> str:
        """Return the language that the person chose for emails; otherwise this one."""
        choices = getattr(self, "email_choices", None)
        return (choices.language if choices else "") or otherwise

    def moderates_site_now(self) -> bool:
        """Return whether this person moderates all letters.

        Race: always asks the database, because the role can be removed.
        """
        return User.objects.filter(pk=self.pk, is_active=True, moderates_site=True).exists()
