using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Orchestrator.ServiceDefaults.Errors;

/// <summary>Gives every error the contract's shape.</summary>
internal static class ErrorHosting
{
    public static void AddErrors(this IServiceCollection services)
    {
        services.AddSingleton<ErrorWriter>();
        services.AddExceptionHandler<ExceptionAnswers>();
    }

    /// <summary>The outermost middleware.</summary>
    public static void UseErrors(this IApplicationBuilder app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            // Never called, since ExceptionAnswers handles everything, but the framework requires one.
            ExceptionHandler = _ => Task.CompletedTask,
        });
        app.UseStatusCodePages(StatusAnswers.WriteAsync);
    }
}
