using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.ServiceDefaults.Errors;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Listeners;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>Puts the guards of docs/contract/contract.md, section Safety, before every call.</summary>
public static class GuardHosting
{
    /// <summary>Adds authentication, the guards against foreign origins and the limits of requests. Settings are validated at start.</summary>
    public static WebApplicationBuilder AddGuards(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<SecurityOptions>().BindConfiguration(SecurityOptions.Section)
            .Configure<IConfiguration>((options, configuration) =>
            {
                var section = configuration.GetSection(SecurityOptions.Section);
                options.ApiKeys = section.GetSection(nameof(SecurityOptions.ApiKeys)).ReadList();
                options.Listen = section.GetSection(nameof(SecurityOptions.Listen)).ReadList(',');
                options.AllowedHosts = configuration.GetSection(nameof(SecurityOptions.AllowedHosts)).ReadList(';', ',');
            })
            .ValidateSettings(SecurityOptions.Section);
        builder.Services.AddOptions<OriginsOptions>()
            .Configure<IConfiguration>((options, configuration) => options.AllowedOrigins =
                configuration.GetSection($"{OriginsOptions.Section}:{nameof(OriginsOptions.AllowedOrigins)}").ReadList(',', ';'))
            .ValidateSettings(OriginsOptions.Section);
        builder.Services.AddSingleton<Origins>();
        builder.Services.AddErrors();
        builder.Services.AddApiKeys();
        builder.Services.AddSingleton<PageSecret>();
        // Before AddCors, which adds its own only where there is none.
        builder.Services.AddSingleton<ICorsPolicyProvider, OriginPolicies>();
        builder.Services.AddCors();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyLimit.Default.MaxRequestBodySize;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        });
        return builder;
    }

    /// <summary>Adds errors, routes and guards in the order that they depend on one another; endpoints come after.</summary>
    public static WebApplication UseGuards(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var options = app.Services.GetRequiredService<SecurityOptions>();
        var origins = app.Services.GetRequiredService<Origins>();
        var secret = app.Services.GetRequiredService<PageSecret>();
        app.Use(MeetFirstRequestDeadline);
        app.UseErrors();
        app.UseRouting();
        app.Use(RefuseLongBodies);
        app.Use(next => new AddressGuard(options, next).InvokeAsync);
        // Before the keys: a browser's preflight carries none.
        app.UseCors();
        app.UseAuthentication();
        app.UseAuthorization();
        app.Use(next => new SiteGuard(options, origins, secret, next).InvokeAsync);
        return app;
    }

    private static RequestDelegate MeetFirstRequestDeadline(RequestDelegate next) => context =>
    {
        context.Features.Get<FirstRequestDeadline>()?.Met();
        return next(context);
    };

    // Checks the declared length; the reader counts a body of undeclared length.
    private static RequestDelegate RefuseLongBodies(RequestDelegate next) => context =>
    {
        var limit = BodyLimit.Of(context);
        return context.Request.ContentLength > limit.MaxBytes ? limit.Refusal().ExecuteAsync(context) : next(context);
    };
}
