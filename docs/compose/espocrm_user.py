"""Give a new EspoCRM Interlock's role and API user (docs/espocrm.md): ADDRESS ADMINISTRATOR PASSWORD. Prints the key.

After `interlock setup espocrm --apply`, as a role knows only objects that are there. For systems to try things on; in a real one
a person does this under Administration > Roles.
"""

# ruff: noqa: INP001, S310, T201 - a command by itself, which speaks to the address that it is given
import base64
import json
import sys
import urllib.error
import urllib.request

READ = {"create": "no", "read": "all", "edit": "no", "delete": "no", "stream": "all"}
EDIT, ALL = READ | {"edit": "all"}, READ | {"create": "yes", "edit": "all", "delete": "all"}
RIGHTS = dict.fromkeys(("Contact", "Opportunity", "Call", "Meeting", "Email", "CContractLine"), READ)
RIGHTS |= {"Account": EDIT, "CContract": EDIT, "Task": ALL, "User": {"read": "all", "edit": "no"}}


def main(address: str, name: str, password: str) -> None:
    """Make the user, then the role, and give it to him."""
    login = base64.b64encode(f"{name}:{password}".encode()).decode()

    def call(method: str, path: str, **values: object) -> dict[str, str]:
        headers = {"Espo-Authorization": login, "Content-Type": "application/json"}
        asked = urllib.request.Request(f"{address}/api/v1/{path}", json.dumps(values).encode(), headers, method=method)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.load(answer)

    try:
        user = call("POST", "User", userName="interlock", type="api", authMethod="ApiKey", isActive=True)
    except urllib.error.HTTPError as error:
        sys.exit(f"EspoCRM refuses the user interlock ({error}); is there one already, under Administration > API Users?")
    role = call("POST", "Role", name="Interlock", data=RIGHTS, assignmentPermission="all", userPermission="all")
    call("PUT", f"User/{user['id']}", rolesIds=[role["id"]])
    print(f"connection interlock_crm: login empty, password {user['apiKey']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
