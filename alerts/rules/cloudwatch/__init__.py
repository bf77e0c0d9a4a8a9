"""CloudWatch's alarms for the counts that services write as embedded metrics: as Terraform, and as a CloudFormation template.

    SLO -> emf_counts -> alarms, application_signals -> stack -> cloudformation, terraform

Resources are kept under CloudFormation's names of types and properties, which are the API's; Terraform's are made of these.
"""

__all__: list[str] = []
