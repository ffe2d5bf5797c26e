using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.ServiceDefaults.Errors;

/// <summary>
/// What an exception that leaves a handler means to its caller. Registered as a service it tells what is foreseen; on an
/// endpoint it words the answer there. What neither knows is <c>SERVER_ERROR</c>, and what is not foreseen is logged
/// with its stack trace.
/// </summary>
/// <param name="Find">The answer; null for an exception it does not know.</param>
public sealed record ErrorMap(Func<Exception, ErrorResult?> Find);

/// <summary>On an endpoint whose document has other words than the contract's for what a caller sent wrong.</summary>
/// <param name="Describe">The answer.</param>
public sealed record InputErrorMap(Func<InvalidInputException, ErrorResult> Describe);
